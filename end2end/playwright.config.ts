import { defineConfig } from '@playwright/test';

// Empty: Playwright's own. `scripts/e2e` sets it.
const chromium = process.env.BERTH_CHROMIUM ?? '/usr/bin/chromium';
const measures = !!process.env.BERTH_BENCH;

export default defineConfig({
  testDir: '.',
  // What measures, and what takes pictures, is run when it is asked for: `make bench`, `make screenshots`.
  testMatch: measures ? '*.bench.ts' : '*.spec.ts',
  testIgnore: process.env.BERTH_SHOTS ? [] : ['screenshots.spec.ts'],
  // Each worker has a server, and a file's tests have one worker: they would see each other's jobs. One
  // browser leaves a third of two processors idle.
  workers: measures ? 1 : 2,
  fullyParallel: false,
  retries: 0,
  // On a busy host. What hangs is found all the same.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  forbidOnly: !!process.env.CI,
  reporter: [['list'], ['html', { open: 'never' }]],
  use: {
    locale: 'en-GB',
    timezoneId: 'UTC',
    // What the pages did, step by step: costs each test time, so it is for looking at one that failed.
    trace: process.env.BERTH_TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: chromium || undefined,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        // A page of a test lives for a second or two: to compile its wasm once more, better, costs a quarter of that.
        ...(measures ? [] : ['--js-flags=--no-wasm-tier-up --no-wasm-dynamic-tiering']),
      ],
    },
  },
});
