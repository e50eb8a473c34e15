/* The library itself, and what each GPU is. */

typedef struct {
  char bus_id_legacy[16];
  unsigned domain, bus, device, device_id, subsystem_id;
  char bus_id[32];
} PciInfo;

Return nvmlInit_v2(void) { return call(__func__, NO_GPU); }
Return nvmlShutdown(void) { return SUCCESS; }

Return nvmlSystemGetDriverVersion(char *version, unsigned length) {
  snprintf(version, length, "575.57.08");
  return call(__func__, NO_GPU);
}

Return nvmlDeviceGetCount_v2(unsigned *found) {
  CALLED(__func__, NO_GPU);
  *found = gpu_count();
  return SUCCESS;
}

Return nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  if (index >= gpu_count()) return INVALID_ARGUMENT;
  CALLED(__func__, index);
  *device = (void *)(size_t)(index + 1);
  return SUCCESS;
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

Return nvmlDeviceGetPciInfo_v3(void *device, PciInfo *pci) {
  ABOUT(device);
  memset(pci, 0, sizeof *pci);
  pci->bus = (unsigned)of("bus", index, index + 1);
  snprintf(pci->bus_id, sizeof pci->bus_id, "00000000:%02X:00.0", pci->bus);
  return SUCCESS;
}

Return nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending) {
  ABOUT(device);
  *current = *pending = (unsigned)of("mig", index, 0);
  return SUCCESS;
}

Return nvmlDeviceGetP2PStatus(void *device, void *other, int capability, int *status) {
  ABOUT(device);
  int joined = of("island", index, 0) == of("island", index_of(other), 0);
  *status = joined ? 0 : 1;
  return capability == 2 ? SUCCESS : INVALID_ARGUMENT;
}
