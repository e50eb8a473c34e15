// What is wrong is shown where people look, answered there, and said to whom it concerns; with script
// and without.

import { Berth, expect, hydrated, test } from './server';

/** Fails three times at once, and then runs on. */
const failing = 'test $BERTH_ATTEMPT -ge 4 || exit 1; sleep 300';

test.describe('alerts', () => {
  let berth: Berth;
  test.beforeAll(async () => {
    berth = await Berth.start({ env: { BERTH_RETRY_BASE_S: '0.05' } });
  });

  test.afterAll(async () => berth.stop());

  // None are expected of these pages.
  test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

  test.beforeEach(async ({ page }) => {
    await berth.cancelAll();
    await expect.poll(async () => (await berth.api('alerts')).alerts).toEqual([]);
    await berth.logIn(page);
  });

  test('an alert is seen and answered on the dashboard, and over when its cause is', async ({ page }) => {
    await page.goto(`${berth.url}/`);
    await hydrated(page);
    const job = await berth.submit(failing, { name: 'flaky', max_retries: 9 });
    const shown = page.getByRole('region', { name: 'Alerts' });
    const line = shown.locator('summary');
    await expect(line).toContainText(`Job ${job} (flaky, admin) failed 3 times in a row`);
    await expect(page.locator('.notices').getByText('failed 3 times in a row')).toBeVisible();
    await expect(page.locator('.rail-count')).toContainText('1');
    await line.focus();
    await page.keyboard.press('Enter');
    const card = page.getByRole('article', { name: 'Fails again and again' });
    await expect(card.getByRole('link', { name: `job ${job}` })).toHaveAttribute('href', `/jobs/${job}`);
    // To keep it as it is needs a reason.
    await card.getByRole('button', { name: 'Keep it' }).click();
    await expect(card.getByLabel('Why it is to stay')).toBeFocused();
    await card.getByLabel('Why it is to stay').fill('it is meant to');
    await card.getByLabel('For how long').selectOption('4h');
    await card.getByRole('button', { name: 'Keep it' }).click();
    await expect(shown).toHaveCount(0);
    await expect(page.locator('.rail-count')).toHaveCount(0);
    await page.goto(`${berth.url}/alerts`);
    await hydrated(page);
    const answered = page.getByRole('region', { name: 'Answered' });
    await expect(answered).toContainText('admin: keep, because it is meant to, until');
    await answered.getByRole('button', { name: 'Stop it' }).click();
    await expect(answered).toHaveCount(0);
    await expect(page.getByText('Nothing is wrong.')).toBeVisible();
    await expect.poll(async () => (await berth.api(`get_job?id=${job}`)).job.outcome).toBe('Cancelled');
    await expect(page.getByRole('region', { name: 'Over' })).toContainText('flaky');
  });

  test('what somebody is told is set, kept, and tried', async ({ page, complaints }) => {
    await page.goto(`${berth.url}/settings`);
    await hydrated(page);
    await page.getByLabel('when a job of mine starts').check();
    await page.getByLabel('Long is').selectOption('1h');
    await page.getByLabel('E-mail').fill('nobody');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await expect(page.locator('.notices')).toContainText("'nobody' is not an e-mail address.");
    await page.getByLabel('E-mail').fill('ana@example.org');
    await page.getByLabel('Webhook', { exact: true }).fill('http://127.0.0.1:9/');
    await page.getByRole('button', { name: 'Save and send a test' }).click();
    await expect(page.locator('.notices')).toContainText('Saved; 1 on the way.');
    await page.reload();
    await hydrated(page);
    await expect(page.getByLabel('when a job of mine starts')).toBeChecked();
    await expect(page.getByLabel('Long is')).toHaveValue('1h');
    await expect(page.getByLabel('E-mail')).toHaveValue('ana@example.org');
    await expect(page.getByText('The server sends no mail yet')).toBeVisible();
    // The refusal, which the browser logs too.
    complaints.expected('400');
  });

  test.describe('without script', () => {
    test.use({ javaScriptEnabled: false });

    test('an alert is answered, and a refusal is shown', async ({ page }) => {
      const job = await berth.submit(failing, { name: 'flaky', max_retries: 9 });
      await expect.poll(async () => (await berth.api('alerts')).alerts.length).toBe(1);
      await page.goto(`${berth.url}/alerts`);
      const card = page.getByRole('article', { name: 'Fails again and again' });
      await card.getByLabel('Why it is to stay').fill('x'.repeat(300));
      await card.getByRole('button', { name: 'Keep it' }).click();
      await expect(page.getByRole('alert')).toContainText('because');
      await card.getByRole('button', { name: 'Stop it' }).click();
      await expect.poll(async () => (await berth.api(`get_job?id=${job}`)).job.outcome).toBe('Cancelled');
    });
  });

  test('the figures of every GPU are on the cluster page', async ({ page }) => {
    await page.goto(`${berth.url}/cluster`);
    await hydrated(page);
    const node = page.getByRole('region', { name: 'node-1' });
    await node.getByText('All figures').click();
    const table = node.getByRole('table', { name: 'Figures of node-1' });
    await expect(table.locator('tbody tr')).toHaveCount(8);
    for (const column of ['Working', 'Tensor', 'Power', 'Slowed by', 'Processes']) {
      await expect(table.getByRole('columnheader', { name: column })).toBeVisible();
    }
    await expect(table.locator('tbody tr').first()).toContainText(/\d+ °C/);
  });
});
