/* What each GPU does, one call a figure. */

typedef struct {
  unsigned version;
  unsigned long long total, reserved, free, used;
} Memory;

typedef struct {
  unsigned gpu, memory;
} Utilization;

Return nvmlDeviceGetMemoryInfo_v2(void *device, Memory *memory) {
  ABOUT(device);
  memory->total = 80 * 1024 * MIB;
  memory->used = (unsigned long long)of("memory", index, (index + 1) * 1024) * MIB;
  memory->free = memory->total - memory->used;
  memory->reserved = 0;
  return SUCCESS;
}

Return nvmlDeviceGetUtilizationRates(void *device, Utilization *rates) {
  ABOUT(device);
  rates->gpu = (unsigned)of("busy", index, 10 * index);
  rates->memory = index;
  return SUCCESS;
}

Return nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
  ABOUT(device);
  *milliwatts = (unsigned)of("power", index, 100500 + index * 1000);
  return SUCCESS;
}

Return nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *milliwatts) {
  ABOUT(device);
  *milliwatts = (unsigned)of("limit", index, 700000);
  return SUCCESS;
}

Return nvmlDeviceGetTemperature(void *device, int sensor, unsigned *degrees) {
  ABOUT(device);
  *degrees = (unsigned)of("temp", index, 30 + index);
  return sensor == 0 ? SUCCESS : INVALID_ARGUMENT;
}

Return nvmlDeviceGetClockInfo(void *device, int kind, unsigned *mhz) {
  ABOUT(device);
  if (kind != 1 && kind != 2) return INVALID_ARGUMENT;
  *mhz = (unsigned)(kind == 1 ? of("clock", index, 1980) : of("memclock", index, 2619));
  return SUCCESS;
}

/* Without a line it is idle. */
Return nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *reasons) {
  ABOUT(device);
  *reasons = (unsigned long long)of("throttle", index, 1);
  return SUCCESS;
}

Return nvmlDeviceGetTotalEccErrors(void *device, int uncorrected, int aggregate, unsigned long long *count) {
  ABOUT(device);
  if (aggregate) return INVALID_ARGUMENT;
  *count = (unsigned long long)of(uncorrected ? "ecc" : "corrected", index, 0);
  return SUCCESS;
}

/* In KB a second, measured over 20 ms. */
Return nvmlDeviceGetPcieThroughput(void *device, int received, unsigned *kilobytes) {
  ABOUT(device);
  usleep(20000);
  *kilobytes = (unsigned)(of(received ? "pcie_rx" : "pcie_tx", index, 0) * 1024);
  return SUCCESS;
}
