/* GPM: figures that compare two samples. */

typedef struct {
  unsigned gpu;
  unsigned long long number; /* which it is of all that were taken; 0: none yet */
} Sample;

typedef struct {
  unsigned version, supported;
} GpmSupport;

typedef struct {
  unsigned id;
  Return answer;
  double value;
  struct {
    const char *short_name, *long_name, *unit;
  } info;
} Metric;

typedef struct {
  unsigned version, count;
  Sample *one, *other;
  Metric metrics[];
} Metrics;

static unsigned long long samples_taken;

Return nvmlGpmQueryDeviceSupport(void *device, GpmSupport *support) {
  ABOUT(device);
  if (support->version != 1) return VERSION_MISMATCH;
  support->supported = (unsigned)of("gpm", index, 1);
  return SUCCESS;
}

Return nvmlGpmSampleAlloc(Sample **sample) {
  CALLED(__func__, NO_GPU);
  *sample = calloc(1, sizeof **sample);
  return SUCCESS;
}

Return nvmlGpmSampleFree(Sample *sample) {
  free(sample);
  return SUCCESS;
}

Return nvmlGpmSampleGet(void *device, Sample *sample) {
  ABOUT(device);
  if (!of("gpm", index, 1)) return NOT_SUPPORTED;
  sample->gpu = index;
  sample->number = __atomic_add_fetch(&samples_taken, 1, __ATOMIC_RELAXED);
  return SUCCESS;
}

static Return measure(Metric *metric, unsigned gpu) {
  static const struct {
    unsigned id;
    const char *line;
  } known[] = {{2, "sm"},       {3, "occupancy"}, {5, "tensor"},    {20, "pcie_tx"},
               {21, "pcie_rx"}, {60, "nvlink_rx"}, {61, "nvlink_tx"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (known[i].id != metric->id) continue;
    metric->value = (double)of(known[i].line, gpu, 0);
    metric->info.short_name = metric->info.long_name = known[i].line;
    metric->info.unit = metric->id < 20 ? "%" : "MiB/s";
    return SUCCESS;
  }
  return NOT_SUPPORTED;
}

Return nvmlGpmMetricsGet(Metrics *asked) {
  if (asked->version != 1) return VERSION_MISMATCH;
  CALLED(__func__, asked->other->gpu);
  int earlier = asked->one->number && asked->one->number < asked->other->number;
  if (!earlier || asked->one->gpu != asked->other->gpu) return INVALID_ARGUMENT;
  for (Metric *metric = asked->metrics; metric < asked->metrics + asked->count; metric++)
    metric->answer = measure(metric, asked->other->gpu);
  return SUCCESS;
}
