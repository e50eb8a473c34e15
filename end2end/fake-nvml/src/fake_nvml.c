/*
 * A made-up libnvidia-ml.so: as much of NVML as Berth calls. What it says is in the file beside it,
 * its own path with ".conf" behind, which may change at any time:
 *
 *   gpus N                    so many GPUs; 0 without the line
 *   bus GPU BUS               where on the PCI bus it is; its index + 1 without the line
 *   island GPU NUMBER         GPUs of one number are joined by NVLink; all are 0 without the line
 *   mig GPU 1                 it is cut into slices
 *   gpm GPU 0                 it has no GPM
 *   busy GPU PERCENT          and likewise, in the units that nvml.h has:
 *     memory GPU MIB, power GPU MILLIWATTS, limit GPU MILLIWATTS, temp GPU DEGREES, clock GPU MHZ,
 *     memclock GPU MHZ, throttle GPU MASK, corrected GPU COUNT, ecc GPU COUNT, pcie_rx GPU MIB, pcie_tx,
 *     nvlink_rx, nvlink_tx
 *   sm GPU PERCENT            GPM's; likewise occupancy and tensor
 *   process GPU PID MIB SM    a process computes there, with so much memory (-1: not told) and per cent
 *   graphics GPU PID MIB SM   a process draws there
 *   xid GPU NUMBER            an error: each line more is one event
 *   fail FUNCTION GPU CODE    that call returns the code
 *   hang FUNCTION [GPU]       that call returns when the line has gone
 *
 * GPU is an index, or * for each, FUNCTION a name, or * for each. Of two lines about the same the later one counts. Figures without a
 * line follow from the index. Types and codes are those of nvml.h.
 */
#define _GNU_SOURCE
#include "script.h"
#include "device.h"
#include "figures.h"
#include "processes.h"
#include "gpm.h"
#include "events.h"
