/*
 * A made-up libnvidia-ml.so: as much of NVML as Berth calls. What it says is in the file beside it,
 * its own path with ".conf" behind, which every call reads anew:
 *
 *   gpus N                 so many GPUs; 0 without the line
 *   bus INDEX BUS          where on the PCI bus a GPU is; its index + 1 without the line
 *   island INDEX NUMBER    GPUs of one number are joined by NVLink; all are 0 without the line
 *   fail FUNCTION GPU CODE that call returns the code, for this GPU or for any: *
 *   hang FUNCTION          that call returns when the line has gone
 *
 * UUID, model and figures of a GPU follow from its index. Types and codes are those of nvml.h.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef int Return;
enum { SUCCESS = 0, INVALID_ARGUMENT = 2 };

typedef struct {
  char bus_id_legacy[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
} PciInfo;

typedef struct {
  unsigned version;
  unsigned long long total, reserved, free, used;
} Memory;

typedef struct {
  unsigned gpu, memory;
} Utilization;

static const unsigned long long GIB = 1ULL << 30;

static FILE *conf(void) {
  Dl_info here;
  char path[4096];
  if (!dladdr((void *)conf, &here)) return NULL;
  snprintf(path, sizeof path, "%s.conf", here.dli_fname);
  return fopen(path, "r");
}

/* The second number of the line "WORD INDEX NUMBER". */
static unsigned of(const char *word, unsigned index, unsigned otherwise) {
  char line[256], name[64];
  unsigned at, number, found = otherwise;
  FILE *file = conf();
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "%63s %u %u", name, &at, &number) == 3 && !strcmp(name, word) && at == index) found = number;
  if (file) fclose(file);
  return found;
}

static unsigned count(void) {
  char line[256];
  unsigned found = 0;
  FILE *file = conf();
  while (file && fgets(line, sizeof line, file)) sscanf(line, "gpus %u", &found);
  if (file) fclose(file);
  return found;
}

static int hangs(const char *function) {
  char line[256], name[128];
  int found = 0;
  FILE *file = conf();
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "hang %127s", name) == 1 && !strcmp(name, function)) found = 1;
  if (file) fclose(file);
  return found;
}

/* What a call about this GPU returns. */
static Return call(const char *function, unsigned gpu) {
  char line[256], name[128], which[16], own[16];
  int code;
  Return found = SUCCESS;
  while (hangs(function)) usleep(5000);
  snprintf(own, sizeof own, "%u", gpu);
  FILE *file = conf();
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "fail %127s %15s %d", name, which, &code) == 3 && !strcmp(name, function))
      if (!strcmp(which, "*") || !strcmp(which, own)) found = code;
  if (file) fclose(file);
  return found;
}

/* A device is its index + 1: no device is NULL. */
static unsigned index_of(void *device) { return (unsigned)(size_t)device - 1; }

#define ABOUT(device)                                   \
  unsigned index = index_of(device);                    \
  Return answer = call(__func__, index);                \
  if (answer != SUCCESS) return answer

Return nvmlInit_v2(void) { return call(__func__, 0); }
Return nvmlShutdown(void) { return SUCCESS; }

Return nvmlSystemGetDriverVersion(char *version, unsigned length) {
  snprintf(version, length, "575.57.08");
  return call(__func__, 0);
}

Return nvmlDeviceGetCount_v2(unsigned *found) {
  Return answer = call(__func__, 0);
  *found = count();
  return answer;
}

Return nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  if (index >= count()) return INVALID_ARGUMENT;
  *device = (void *)(size_t)(index + 1);
  return call(__func__, index);
}

Return nvmlDeviceGetUUID(void *device, char *uuid, unsigned length) {
  ABOUT(device);
  snprintf(uuid, length, "GPU-fa4e0000-0000-4000-8000-%012u", index);
  return SUCCESS;
}

Return nvmlDeviceGetName(void *device, char *name, unsigned length) {
  ABOUT(device);
  snprintf(name, length, "NVIDIA H100 80GB HBM3");
  return SUCCESS;
}

Return nvmlDeviceGetMemoryInfo_v2(void *device, Memory *memory) {
  ABOUT(device);
  memory->total = 80 * GIB;
  memory->used = (index + 1) * GIB;
  memory->free = memory->total - memory->used;
  memory->reserved = 0;
  return SUCCESS;
}

Return nvmlDeviceGetPciInfo_v3(void *device, PciInfo *pci) {
  ABOUT(device);
  memset(pci, 0, sizeof *pci);
  pci->bus = of("bus", index, index + 1);
  snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", pci->bus);
  return SUCCESS;
}

Return nvmlDeviceGetUtilizationRates(void *device, Utilization *rates) {
  ABOUT(device);
  rates->gpu = 10 * index;
  rates->memory = index;
  return SUCCESS;
}

Return nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
  ABOUT(device);
  *milliwatts = 100500 + index * 1000;
  return SUCCESS;
}

Return nvmlDeviceGetTemperature(void *device, int sensor, unsigned *degrees) {
  ABOUT(device);
  *degrees = 30 + index;
  return sensor == 0 ? SUCCESS : INVALID_ARGUMENT;
}

Return nvmlDeviceGetP2PStatus(void *device, void *other, int capability, int *status) {
  ABOUT(device);
  int joined = of("island", index, 0) == of("island", index_of(other), 0);
  *status = joined ? 0 : 1;
  return capability == 2 ? SUCCESS : INVALID_ARGUMENT;
}
