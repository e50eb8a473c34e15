// Without script: the same pages are rendered by the server, and every action is a plain form.

import { expect, test } from './server';

test.use({ javaScriptEnabled: false });

test.beforeEach(async ({ berth }) => {
  await berth.cancelAll();
});

test('the pages are whole without script', async ({ page, berth }) => {
  await berth.logIn(page);
  const id = await berth.submit('echo hello from a job', { gpus: 2, name: 'plain' });
  await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.state).toBe('Finished');

  await page.goto('/');
  await expect(page.locator('.tile')).toHaveCount(16);
  await expect(page.locator('.simulated')).toBeVisible();
  await page.goto('/jobs');
  await expect(page.locator(`tr[data-job="${id}"]`)).toContainText('Succeeded');
  await page.getByRole('link', { name: `Job ${id}, plain` }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'plain' })).toBeVisible();
  await expect(page.getByRole('log')).toContainText('hello from a job');
});

test('no page fails, however often it is asked for', async ({ berth }) => {
  const headers = { authorization: `Bearer ${berth.token}` };
  for (const path of ['/', '/jobs?user=all', '/timeline', '/timeline?view=week', '/cluster', '/admin', '/submit', '/login']) {
    const ask = () => fetch(`${berth.url}${path}`, { headers }).then((answer) => answer.status);
    for (let round = 0; round < 10; round += 1) {
      expect(await Promise.all(Array.from({ length: 8 }, ask)), path).toEqual(Array(8).fill(200));
    }
  }
});

test('a job is submitted, held, released and cancelled without script', async ({ page, berth }) => {
  await berth.logIn(page);
  await page.goto('/submit');
  await page.getByLabel('GPUs', { exact: true }).fill('99');
  await page.getByLabel('Command', { exact: true }).fill('sleep 300');
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  // Refused, with everything that was typed.
  await expect(page.locator('#gpus-problem')).toContainText('99');
  await expect(page.getByLabel('Command', { exact: true })).toHaveValue('sleep 300');
  await page.getByLabel('GPUs', { exact: true }).fill('1');
  await page.getByText('More', { exact: true }).click();
  await page.getByLabel('Hold').check();
  await page.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(page).toHaveURL(/\/jobs\/\d+$/);
  const badge = page.locator('.job-head .badge');
  await expect(badge).toHaveText('Held');
  await page.getByRole('button', { name: /^Release/ }).click();
  await expect(badge).toHaveText(/Queued|Starting|Running/);
  await page.getByRole('button', { name: /^Cancel/ }).click();
  await expect(badge).toHaveText(/Stopping|Cancelled/);
});
