// The live connection: what the page does when the server dies and comes back.

import type { WebSocketRoute } from '@playwright/test';

import { Berth, expect, hydrated, test } from './server';

test('a page says when it is not live, and catches up by itself', async ({ page }) => {
  const berth = await Berth.start();
  try {
    await berth.logIn(page);
    const id = await berth.submit('sleep 300', { name: 'survivor' });
    await page.goto(`${berth.url}/jobs/${id}`);
    await hydrated(page);
    const header = page.locator('.header');
    await expect(header).toHaveAttribute('data-live', 'live');
    await expect(page.locator('.job-head .badge')).toHaveText('Running');

    await berth.end('SIGKILL');
    await expect(header).toHaveAttribute('data-live', 'stale');
    await expect(page.locator('.link')).toHaveText('stale');
    await expect(header).toHaveAttribute('data-live', 'offline');

    await berth.launch();
    await berth.api('cancel_job', { id });
    await expect(header).toHaveAttribute('data-live', 'live');
    await expect(page.locator('.job-head .badge')).toHaveText('Cancelled');
  } finally {
    await berth.stop();
  }
});

test('a laptop that slept knows what happened meanwhile, without a reload', async ({ page, berth, complaints }) => {
  await berth.cancelAll();
  await berth.logIn(page);
  const slept = 8 * 3600 * 1000;
  // The page's clock is set back, so that it is right when it wakes.
  await page.clock.install({ time: Date.now() - slept });
  let awake = true;
  const sockets: WebSocketRoute[] = [];
  await page.routeWebSocket('**/api/live*', async (socket) => {
    if (!awake) return socket.close();
    sockets.push(socket);
    socket.connectToServer();
  });
  const [gone, stays] = [await berth.submit('sleep 600', { name: 'goes' }), await berth.submit('sleep 600', { name: 'stays' })];
  await page.goto('/jobs?user=all');
  await hydrated(page);
  const header = page.locator('.header');
  await expect(header).toHaveAttribute('data-live', 'live');
  await expect(page.locator(`[data-job="${gone}"] .badge`)).toHaveText(/Running/);
  await page.evaluate(() => Object.assign(window, { loadedOnce: true }));

  awake = false;
  for (const socket of sockets) await socket.close();
  await berth.api('cancel_job', { id: gone });
  const late = await berth.submit('sleep 600', { name: 'new', gpus: 16 });
  await page.clock.fastForward(slept);
  awake = true;
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await expect(header).toHaveAttribute('data-live', 'live');
  await expect(page.locator(`[data-job="${gone}"] .badge`)).toHaveText(/Cancelled/);
  await expect(page.locator(`[data-job="${stays}"] .badge`)).toHaveText(/Running/);
  await expect(page.locator(`[data-job="${late}"] .badge`)).toHaveText(/Queued/);
  const { totals, counts } = await berth.api('cluster');
  await expect(header).toContainText(`${totals.allocated}/${totals.gpus} allocated`);
  await expect(header).toContainText(`${counts.queued} queued`);
  // It ran for seconds, not for the hours that the page slept.
  await expect(page.locator(`[data-job="${stays}"]`)).not.toContainText(/\d h|\d+:\d\d:\d\d/);
  expect(await page.evaluate(() => 'loadedOnce' in window)).toBe(true);
  complaints.expected('WebSocket');
});

test('two browsers see the same thing at the same time', async ({ page, browser, berth }) => {
  await berth.cancelAll();
  await berth.logIn(page);
  await page.goto('/');
  await hydrated(page);
  const other = await browser.newContext({ baseURL: berth.url, storageState: await page.context().storageState() });
  const second = await other.newPage();
  await second.goto('/submit');
  await hydrated(second);
  await second.getByLabel('Command', { exact: true }).fill('sleep 300');
  await second.getByLabel('Name', { exact: true }).fill('seen by both');
  await second.getByRole('button', { name: 'Submit', exact: true }).click();
  await expect(page.locator('.tile-job', { hasText: 'seen by both' })).toHaveCount(1);
  await other.close();
});

test('pages do not poll', async ({ page, berth }) => {
  await berth.logIn(page);
  const requests: string[] = [];
  await page.goto('/');
  await hydrated(page);
  await expect(page.locator('.header')).toHaveAttribute('data-live', 'live');
  page.on('request', (request) => requests.push(request.url()));
  // Two samples of the hardware go by, which come by the websocket alone.
  const figures = page.locator('.tile-figures').first();
  await berth.submit('sleep 300', { gpus: 16, name: 'load' });
  const before = await figures.textContent();
  await expect(figures).not.toHaveText(before ?? '');
  const after = await figures.textContent();
  await expect(figures).not.toHaveText(after ?? '');
  expect(requests).toEqual([]);
});

test('what breaks off while a page is loaded is loaded again', async ({ page, berth, complaints }) => {
  await berth.logIn(page);
  for (const part of ['berth.js', 'berth_bg.wasm']) {
    let tries = 0;
    await page.route(`**/${part}`, (route) => {
      tries += 1;
      // Twice, as when a network goes and another comes.
      return tries > 2 ? route.continue() : route.abort('internetdisconnected');
    });
    await page.goto('/');
    await hydrated(page);
    expect(tries, part).toBeGreaterThan(2);
    await page.unrouteAll();
  }
  await expect(page.locator('.header')).toHaveAttribute('data-live', 'live');
  complaints.expected('ERR_INTERNET_DISCONNECTED');
  complaints.expected('Failed to fetch');
});
