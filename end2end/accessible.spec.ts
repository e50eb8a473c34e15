// axe-core on every page, in both themes: nothing serious.

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect, hydrated, test } from './server';

async function check(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page }).analyze();
  const serious = found.violations.filter((violation) => ['serious', 'critical'].includes(violation.impact ?? ''));
  const told = serious.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join('\n  ')}`);
  expect(told).toEqual([]);
}

for (const theme of ['light', 'dark'] as const) {
  test(`every page, ${theme}`, async ({ page, berth }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await berth.cancelAll();
    await berth.logIn(page);
    const failed = await berth.submit('echo no; exit 1', { name: 'failed' });
    await berth.submit('sleep 300', { gpus: 16, name: 'gang' });
    const waits = await berth.submit('true', { gpus: 4, name: 'waits' });
    await berth.submit('true', { hold: true, name: 'held' });
    const pages = ['/', '/jobs?user=all', `/jobs/${failed}`, `/jobs/${waits}`, '/timeline', '/cluster', '/alerts', '/settings', '/submit', '/nowhere', '/jobs/999999', '/login'];
    for (const path of pages) {
      await test.step(path, async () => {
        await page.goto(path);
        await hydrated(page);
        await check(page);
      });
    }
    await page.goto('/cluster');
    await hydrated(page);
    await page.getByText('Take out of use').first().click();
    await check(page);
    await page.goto('/submit');
    await hydrated(page);
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    await page.getByText('More', { exact: true }).click();
    await check(page);
    await page.goto(`/jobs/${waits}`);
    await hydrated(page);
    await page.getByRole('button', { name: `Cancel job ${waits}` }).click();
    await check(page);
  });
}
