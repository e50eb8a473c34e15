import { defineConfig } from '@playwright/test';

// Empty: Playwright's own. `scripts/e2e` sets it.
const chromium = process.env.BERTH_CHROMIUM ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: '.',
  // What measures, and what takes pictures, is run when it is asked for: `make bench`, `make screenshots`.
  testMatch: process.env.BERTH_BENCH ? '*.bench.ts' : '*.spec.ts',
  testIgnore: process.env.BERTH_SHOTS ? [] : ['screenshots.spec.ts'],
  // One server, one cluster: tests that ran beside each other would see each other's jobs.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: !!process.env.CI,
  reporter: [['list'], ['html', { open: 'never' }]],
  use: {
    locale: 'en-GB',
    timezoneId: 'UTC',
    trace: 'retain-on-failure',
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
      ],
    },
  },
});
