// The history page: whole without script, taken over with it, its filters in the address, the table
// beside each picture with the same numbers, and its files.

import { Berth, expect, hydrated, test } from './server';

const figures = [
  'utilisation',
  'utilisation-by-hour',
  'utilisation-by-weekday',
  'gpu-hours-by-user',
  'gpu-hours-by-project',
  'waits-by-size',
  'waits-by-class',
  'forecasts',
  'outcomes',
  'energy',
];

/** A failed job, two that succeeded, one of another person, and one that waited for others. */
async function aPast(berth: Berth): Promise<void> {
  const bo = berth.addUser('bo');
  const ids = [
    await berth.submit('sleep 3', { gpus: 16, name: 'gang', project: 'align' }),
    await berth.submit('exit 1', { gpus: 1, name: 'fails', project: 'vision' }),
    await berth.submit('sleep 1', { gpus: 4, name: 'some', project: 'vision', class: 'high' }),
    await berth.submit('sleep 1', { gpus: 8, name: 'node' }, bo),
  ];
  for (const id of ids) {
    await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.state).toBe('Finished');
  }
}

test.describe('history', () => {
  let berth: Berth;

  test.beforeAll(async () => {
    berth = await Berth.start();
    await aPast(berth);
  });

  test.afterAll(async () => {
    await berth?.stop();
  });

  test('is whole without script', async ({ browser }) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await berth.logIn(page);
    await page.goto(`${berth.url}/history`);
    for (const id of figures) await expect(page.locator(`[data-figure="${id}"]`)).toBeVisible();
    await expect(page.locator('[data-figure="outcomes"] .plot-wide svg')).toBeVisible();
    await expect(page.locator('[data-score="submit"]')).toContainText('met');
    // The form asks by the address.
    await page.getByLabel('All users').selectOption('bo');
    await page.getByLabel('24 hours').check();
    await page.getByRole('button', { name: 'Show' }).click();
    await expect(page).toHaveURL(/range=24h.*user=bo/);
    await expect(page.locator('[data-figure="gpu-hours-by-user"] tbody tr')).toHaveCount(1);
    await context.close();
  });

  test('filters are in the address, and the page goes on from there', async ({ page }) => {
    await berth.logIn(page);
    await page.goto(`${berth.url}/history?project=vision`);
    await hydrated(page);
    const outcomes = page.locator('[data-figure="outcomes"]');
    await outcomes.getByText('Numbers').click();
    await expect(outcomes.locator('tbody tr').last()).toContainText('1');
    await page.getByLabel('All users').selectOption('bo');
    await expect(page).toHaveURL(/project=vision/);
    await expect(page).toHaveURL(/user=bo/);
    // Bo has no job in that project.
    await expect(page.locator('[data-figure="gpu-hours-by-user"]')).toContainText('Nothing is known');
    await page.goBack();
    await expect(page.locator('[data-figure="gpu-hours-by-user"] .plot-wide svg')).toBeVisible();
    await page.getByLabel('Days', { exact: true }).check();
    await page.getByLabel('From').fill('2026-01-01');
    await expect(page).toHaveURL(/from=2026-01-01/);
    await page.goto(`${berth.url}/history?range=3d`);
    await expect(page.getByRole('alert')).toContainText('24h, 7d, 28d and 90d');
  });

  test('table, picture and files have the same numbers', async ({ page, complaints }) => {
    await berth.logIn(page);
    await page.goto(`${berth.url}/history`);
    await hydrated(page);
    const users = page.locator('[data-figure="gpu-hours-by-user"]');
    await users.getByText('Numbers').click();
    const csv = await page.request.get(`${berth.url}/api/analytics/gpu-hours-by-user.csv`);
    expect(csv.headers()['content-type']).toContain('text/csv');
    expect(csv.headers()['content-disposition']).toContain('berth-gpu-hours-by-user.csv');
    const lines = (await csv.text()).trim().split('\r\n').map((line) => line.split(','));
    const names = await users.locator('tbody th').allTextContents();
    expect(lines.slice(1).map((cells) => cells[0])).toEqual(names);
    const column = lines[0].indexOf('jobs');
    const jobs = await users.locator(`tbody td:nth-child(${column + 1})`).allTextContents();
    expect(lines.slice(1).map((cells) => cells[column])).toEqual(jobs);
    // Under the pointer the picture says what the table does.
    const first = users.locator('.plot-wide rect[data-row="0"]');
    await first.hover();
    const busy = await users.locator('tbody tr').first().locator('td').first().textContent();
    await expect(users.locator('.chart-said')).toContainText(`${names[0]}: busy ${busy}`);
    const links = page.locator('.chart-head a');
    await expect(links).toHaveCount(2 * figures.length);
    for (const link of await links.all()) {
      const href = (await link.getAttribute('href')) ?? '';
      const answer = await page.request.get(`${berth.url}${href}`);
      // What nothing is known of has no picture.
      const empty = href.endsWith('.svg') && answer.status() === 404;
      expect(answer.ok() || empty, href).toBe(true);
      if (answer.ok()) expect(await answer.text(), href).toContain(href.endsWith('.svg') ? '<svg ' : ',');
    }
    expect(complaints.all).toEqual([]);
  });
});
