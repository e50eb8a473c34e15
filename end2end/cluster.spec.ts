// The cluster page: what Berth runs on, the nodes, and taking one out of use and back, by mouse, by
// keys and without script.

import { expect, hydrated, test } from './server';

// None are expected of these pages.
test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

test.beforeEach(async ({ page, berth }) => {
  await berth.cancelAll();
  for (const place of ['node-1', 'node-2', 'node-1:3']) await berth.api('uncordon', { place }).catch(() => {});
  await berth.logIn(page);
});

test('the nodes, their GPUs, and what Berth runs on and why', async ({ page, berth }) => {
  const id = await berth.submit('sleep 300', { gpus: 2, name: 'watched' });
  await page.goto('/');
  await hydrated(page);
  await page.getByRole('link', { name: 'Cluster' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Cluster' })).toBeVisible();
  const node = page.getByRole('region', { name: 'node-1' });
  await expect(node.locator('.node-head .badge')).toHaveText('up');
  await expect(node.locator('.node-facts')).toContainText('simulated');
  await expect(node.locator('.node-facts')).toContainText('127.0.0.1');
  await expect(node.locator('.node-facts')).toContainText(/Berth \d+\.\d+/);
  await expect(page.locator('.gpus tbody tr')).toHaveCount(16);
  await expect(page.locator(`.gpus a[href="/jobs/${id}"]`)).toHaveCount(2);
  await berth.api('cancel_job', { id });
  await expect(page.locator(`.gpus a[href="/jobs/${id}"]`)).toHaveCount(0);

  const ground = page.getByRole('region', { name: 'What Berth runs on' });
  await expect(ground).toContainText('SIMULATED cluster of 2 nodes x 8 GPUs, as asked for.');
  await expect(ground.locator('[data-signal=configuration]')).toContainText('simulate = 2x8');
  await expect(ground).toContainText('--ray http://HEAD:8265');
  await ground.getByRole('link', { name: 'Look again' }).click();
  await expect(page).toHaveURL(/look=again$/);
  await expect(ground.locator('[data-signal=configuration]')).toBeVisible();
});

test('a node and a GPU are taken out of use with a reason, and given back', async ({ page, berth }) => {
  await page.goto('/cluster');
  await hydrated(page);
  const node = page.getByRole('region', { name: 'node-1' });
  await node.getByText('Take out of use').click();
  await node.getByLabel('What of node-1').selectOption('node-1:3');
  await node.getByLabel('Reason').fill('ECC errors');
  await node.getByRole('button', { name: 'Cordon' }).click();
  const row = page.locator('[data-place="node-1:3"]');
  await expect(row).toContainText('ECC errors');
  await expect(row).toContainText('by admin');
  await expect(node.getByLabel('Reason')).toHaveValue('');
  await expect(node.locator('.node-head .badge')).toHaveText('up');

  // What waits is told, here and on the dashboard.
  await node.getByLabel('What of node-1').selectOption('node-1');
  await node.getByLabel('Reason').fill('new fans');
  await node.getByRole('button', { name: 'Drain' }).click();
  await expect(node.locator('.node-head .badge')).toHaveText('drained');
  await expect(node.locator(':scope > .cordon')).toContainText('new fans');
  const id = await berth.submit('true', { gpus: 8, nodes: 2, name: 'needs both' });
  expect((await berth.api(`get_job?id=${id}`)).job.reason_text).toContain('new fans');

  await page.getByRole('button', { name: 'Uncordon node-1', exact: true }).click();
  await expect(node.locator('.node-head .badge')).toHaveText('up');
  await page.getByRole('button', { name: 'Uncordon node-1:3' }).click();
  await expect(row).not.toContainText('ECC errors');
  await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.state).toBe('Finished');
});

test('by keys alone', async ({ page }) => {
  await page.goto('/cluster');
  await hydrated(page);
  const node = page.getByRole('region', { name: 'node-2' });
  await node.getByText('Take out of use').focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(node.getByLabel('What of node-2')).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.type('new fans');
  await page.keyboard.press('Enter');
  await expect(node.locator('.node-head .badge')).toHaveText('cordoned');
  await node.getByRole('button', { name: 'Uncordon node-2' }).focus();
  await page.keyboard.press('Enter');
  await expect(node.locator('.node-head .badge')).toHaveText('up');
});

test('who is no admin sees why, and no buttons', async ({ browser, berth }) => {
  await berth.api('cordon', { place: 'node-2', reason: 'new fans' });
  const context = await browser.newContext({ baseURL: berth.url });
  const page = await context.newPage();
  await page.goto('/login');
  await page.getByLabel('Or paste a token').fill(berth.addUser('eve'));
  await page.getByRole('button', { name: 'Use the token' }).click();
  await page.goto('/cluster');
  await hydrated(page);
  await expect(page.getByRole('region', { name: 'node-2' })).toContainText('new fans');
  await expect(page.getByText('Take out of use')).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^Uncordon/ })).toHaveCount(0);
  await context.close();
});

test.describe('without script', () => {
  test.use({ javaScriptEnabled: false });

  test('a GPU is cordoned and uncordoned, and a refusal is shown', async ({ page }) => {
    await page.goto('/cluster?look=again');
    const node = page.getByRole('region', { name: 'node-1' });
    await node.getByText('Take out of use').click();
    await node.getByLabel('What of node-1').selectOption('node-1:3');
    await node.getByLabel('Reason').fill('   ');
    await node.getByRole('button', { name: 'Cordon' }).click();
    await expect(page.getByRole('alert')).toContainText('The reason is empty');
    await node.getByText('Take out of use').click();
    await node.getByLabel('What of node-1').selectOption('node-1:3');
    await node.getByLabel('Reason').fill('ECC errors');
    await node.getByRole('button', { name: 'Cordon' }).click();
    await expect(page.locator('[data-place="node-1:3"]')).toContainText('ECC errors');
    await page.getByRole('button', { name: 'Uncordon node-1:3' }).click();
    await expect(page.locator('[data-place="node-1:3"]')).not.toContainText('ECC errors');
  });
});
