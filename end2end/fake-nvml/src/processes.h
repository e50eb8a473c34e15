/* Who has memory or work on each GPU. */

typedef struct {
  unsigned pid;
  unsigned long long memory;
  unsigned gpu_instance, compute_instance;
} Process;

typedef struct {
  unsigned pid;
  unsigned long long at_us;
  unsigned sm, memory, encoder, decoder;
} ProcessUse;

enum { PROCESSES = 256 };

/* Those of the lines "KIND GPU PID MIB SM", and what each uses. */
static unsigned processes(const char *kind, unsigned gpu, Process *found, unsigned *sm) {
  unsigned count = 0;
  begin();
  for (Line *line = lines; line < lines + line_count && count < PROCESSES; line++) {
    if (line->count < 4 || strcmp(line->word[0], kind) || !about(line->word[1], gpu)) continue;
    long long mib = strtoll(line->word[3], NULL, 0);
    found[count] = (Process){
        .pid = (unsigned)atoi(line->word[2]),
        .memory = mib < 0 ? ~0ULL : (unsigned long long)mib * MIB,
        .gpu_instance = ~0U,
        .compute_instance = ~0U,
    };
    sm[count++] = line->count > 4 ? (unsigned)atoi(line->word[4]) : 0;
  }
  end();
  return count;
}

static Return running(const char *kind, unsigned gpu, unsigned *count, Process *out) {
  Process found[PROCESSES];
  unsigned sm[PROCESSES], room = *count;
  *count = processes(kind, gpu, found, sm);
  if (*count > room) return INSUFFICIENT_SIZE;
  if (*count) memcpy(out, found, *count * sizeof *out);
  return SUCCESS;
}

Return nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, Process *out) {
  ABOUT(device);
  return running("process", index, count, out);
}

Return nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *count, Process *out) {
  ABOUT(device);
  return running("graphics", index, count, out);
}

/* Of those that worked; without any NOT_FOUND, as the driver does. */
Return nvmlDeviceGetProcessUtilization(void *device, ProcessUse *out, unsigned *count, unsigned long long since) {
  ABOUT(device);
  Process found[PROCESSES];
  unsigned sm[PROCESSES], room = *count, worked = 0, all = processes("process", index, found, sm);
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  unsigned long long at_us = (unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000;
  for (unsigned i = 0; i < all && at_us > since; i++) {
    if (!sm[i]) continue;
    if (out && worked < room) out[worked] = (ProcessUse){.pid = found[i].pid, .at_us = at_us, .sm = sm[i]};
    worked++;
  }
  *count = worked;
  if (!worked) return NOT_FOUND;
  return out && worked <= room ? SUCCESS : INSUFFICIENT_SIZE;
}
