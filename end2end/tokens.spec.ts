// One's own tokens on the page of settings: made, shown once, used, revoked; with and without script.

import type { Page } from '@playwright/test';

import { Berth, expect, hydrated, test } from './server';

test.describe('tokens', () => {
  let berth: Berth;
  test.beforeAll(async () => {
    berth = await Berth.start({ simulate: '1x2' });
  });
  test.afterAll(async () => berth?.stop());
  test.beforeEach(async ({ page }) => berth.logIn(page));

  const panel = (page: Page) => page.getByRole('region', { name: 'API tokens' });
  const says = (token: string, path: string, body?: unknown) =>
    fetch(`${berth.url}/api/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body ? JSON.stringify(body) : undefined,
    });

  test('one that only reads is made, shown once, used and revoked', async ({ page }) => {
    await page.goto(`${berth.url}/settings`);
    await hydrated(page);
    const tokens = panel(page);
    await tokens.getByLabel('For', { exact: true }).fill('a board on the wall');
    await tokens.getByLabel('May').selectOption('viewer');
    await tokens.getByRole('button', { name: 'Make a token' }).click();
    const line = await tokens.getByRole('status').locator('code').innerText();
    const token = line.replace('export BERTH_TOKEN=', '');
    expect(token).toMatch(/^berth_[0-9a-f]{64}$/);
    const row = tokens.getByRole('row', { name: /a board on the wall/ });
    await expect(row).toContainText('only read');
    await expect(row).toContainText('never');

    expect((await says(token, 'list_jobs')).status).toBe(200);
    const submitted = await says(token, 'submit_job', { command: ['true'] });
    expect(submitted.status).toBe(403);
    expect((await submitted.json()).error.message).toContain('You are a viewer here');
    // It lets nobody make one that may more.
    const more = await (await says(token, 'create_token', { label: 'more' })).json();
    expect((await says(more.token, 'submit_job', { command: ['true'] })).status).toBe(403);

    await page.reload();
    await hydrated(page);
    await expect(tokens.getByRole('status')).toHaveText('');
    await expect(row).not.toContainText('never');
    await row.getByRole('button', { name: 'Revoke the token for a board on the wall' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await expect(row).toHaveCount(0);
    expect((await says(token, 'list_jobs')).status).toBe(401);
  });

  test('without script too', async ({ browser }) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await berth.logIn(page);
    await page.goto(`${berth.url}/settings`);
    const tokens = panel(page);
    await tokens.getByLabel('For', { exact: true }).fill('my laptop');
    await tokens.getByRole('button', { name: 'Make a token' }).click();
    const line = await page.locator('code').first().innerText();
    expect((await says(line.replace('export BERTH_TOKEN=', ''), 'list_jobs')).status).toBe(200);
    await page.getByRole('link', { name: 'Back to settings' }).click();
    const row = tokens.getByRole('row', { name: /my laptop/ });
    await expect(row).toContainText('all that I may');
    await row.getByRole('button', { name: 'Revoke' }).click();
    await expect(row).toHaveCount(0);
    await context.close();
  });
});
