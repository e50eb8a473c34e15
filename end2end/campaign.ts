// What the tests make campaigns of.

/** Tells the square of how far x is from 2. */
export const told = 'echo "loss=$(( ({x} - 2) * ({x} - 2) ))"';

/** A grid over x; each trial does this line of shell. */
export function grid(name: string, line: string, x: number[], { gpus = 1, ...more }: Record<string, unknown> & { gpus?: number } = {}): Record<string, unknown> {
  return {
    name,
    goal: 'As near to 2 as can be',
    template: { command: ['sh', '-c', line], gpus, time_limit: '10m' },
    space: { x },
    metric: { name: 'loss', better: 'lower' },
    strategy: { kind: 'grid' },
    budget: { gpu_hours: gpus * 10 },
    ...more,
  };
}
