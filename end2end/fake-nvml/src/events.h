/* Xid errors: each line of the file that was not there before is told once, to whoever waits. */

enum { XID = 8, GPUS = 64 };

typedef struct {
  unsigned char registered[GPUS];
} EventSet;

typedef struct {
  void *device;
  unsigned long long kind, data;
  unsigned gpu_instance, compute_instance;
} EventData;

/* How many lines of each GPU were told. */
static unsigned told[GPUS];
static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER;

Return nvmlEventSetCreate(EventSet **set) {
  CALLED(__func__, NO_GPU);
  *set = calloc(1, sizeof **set);
  return SUCCESS;
}

Return nvmlEventSetFree(EventSet *set) {
  free(set);
  return SUCCESS;
}

Return nvmlDeviceRegisterEvents(void *device, unsigned long long kinds, EventSet *set) {
  ABOUT(device);
  if (kinds != XID || index >= GPUS) return NOT_SUPPORTED;
  set->registered[index] = 1;
  return SUCCESS;
}

/* The number of the next line that was not told. */
static int next_xid(unsigned gpu, unsigned long long *xid) {
  unsigned count = 0;
  int found = 0;
  pthread_mutex_lock(&telling);
  begin();
  for (Line *line = lines; line < lines + line_count; line++) {
    if (line->count != 3 || strcmp(line->word[0], "xid") || !about(line->word[1], gpu)) continue;
    if (count++ == told[gpu]) {
      *xid = strtoull(line->word[2], NULL, 0);
      found = 1;
    }
  }
  end();
  if (found) told[gpu]++;
  else told[gpu] = count;
  pthread_mutex_unlock(&telling);
  return found;
}

Return nvmlEventSetWait_v2(EventSet *set, EventData *data, unsigned timeout_ms) {
  for (unsigned waited = 0;; waited += 50) {
    for (unsigned gpu = 0; gpu < GPUS; gpu++) {
      if (!set->registered[gpu]) continue;
      CALLED(__func__, gpu);
      unsigned long long xid;
      if (!next_xid(gpu, &xid)) continue;
      *data = (EventData){.device = (void *)(size_t)(gpu + 1), .kind = XID, .data = xid};
      return SUCCESS;
    }
    if (waited >= timeout_ms) return TIMEOUT;
    usleep(50000);
  }
}
