// The dashboard: lenses, what each GPU was, the scoreboard, alerts answered in place, and the time machine.

import AxeBuilder from '@axe-core/playwright';

import { Berth, expect, hydrated, test } from './server';

test.beforeEach(async ({ page, berth }) => {
  await berth.cancelAll();
  await berth.logIn(page);
});

test('a lens colours GPUs by what it is named for, and is in the address', async ({ page, berth, complaints }) => {
  const [ana, bo] = [berth.addUser('ana'), berth.addUser('bo')];
  await berth.submit('sleep 600', { gpus: 2, name: 'first', project: 'vision' }, ana);
  await berth.submit('sleep 600', { gpus: 1, name: 'second', project: 'vision' }, bo);
  await page.goto('/');
  await hydrated(page);
  const tile = (job: string) => page.locator('.tile', { hasText: job }).first();
  await expect(tile('first')).toBeVisible();
  const colour = async (job: string) => /hue-\d+/.exec((await tile(job).getAttribute('class')) ?? '')?.[0];
  await expect(tile('second')).toHaveClass(/hue-/);
  expect(await colour('first')).not.toEqual(await colour('second'));
  const lens = (name: string) => page.getByRole('navigation', { name: 'Colour GPUs by' }).getByRole('link', { name });

  await lens('Project').click();
  await expect(page).toHaveURL(/lens=project/);
  await expect.poll(async () => (await colour('first')) === (await colour('second'))).toBe(true);

  await lens('Busy').click();
  await expect(tile('first')).toHaveClass(/tile-heat/);
  await expect.poll(async () => Number(await tile('first').evaluate((one: HTMLElement) => one.style.getPropertyValue('--heat')))).toBeGreaterThan(0);
  await expect(lens('Busy')).toHaveAttribute('aria-current', 'true');

  // A link leads to the same, also before the browser takes over.
  await page.goto('/?lens=temperature');
  await expect(tile('first')).toHaveClass(/tile-heat/);
  await hydrated(page);
  await expect(page.locator('.tile-working').first()).toBeAttached();
  expect(complaints.all).toEqual([]);
});

test('the last quarter of an hour stands behind each GPU', async ({ page, berth }) => {
  await berth.submit('sleep 600', { gpus: 1, name: 'line' });
  await expect.poll(async () => Object.keys((await berth.api('sparklines')).busy).length).toBe(16);
  await page.goto('/');
  await hydrated(page);
  await expect(page.locator('[data-gpu="node-1:0"] .tile-spark path')).toHaveAttribute('d', /^M\d+ 100L/);
});

test('the scoreboard tells each number with its goal and what is measured', async ({ page }) => {
  await page.goto('/');
  await hydrated(page);
  const scores = page.locator('.score-cell[data-score]');
  await expect(scores).toHaveCount(6);
  await expect(page.locator('[data-score="wait"]')).toHaveAttribute('title', /Goal: /);
});

test('any minute is looked at with the slider, and now is one step away', async ({ page, berth, complaints }) => {
  const gone = await berth.submit('sleep 600', { gpus: 16, name: 'was-here' });
  await expect.poll(async () => (await berth.api(`get_job?id=${gone}`)).job.state).toBe('Running');
  const then = new Date().toISOString();
  await berth.submit('true', { gpus: 16, name: 'waited', hold: true });
  const waited = new Date().toISOString();
  await berth.cancelAll();
  // Rendered on the server as well.
  await page.goto(`/?at=${waited}`);
  await hydrated(page);
  const past = page.locator('.dashboard-then');
  await expect(past.locator('.tile', { hasText: 'was-here' })).toHaveCount(16);
  await expect(past.getByText('waited')).toBeVisible();
  await page.goto(`/?at=${then}&lens=busy`);
  await hydrated(page);
  await expect(past.locator('.tile-heat', { hasText: 'was-here' })).toHaveCount(16);
  await page.getByRole('link', { name: 'Back to now' }).click();
  await expect(page).toHaveURL(/\/\?lens=busy$/);
  await expect(past).toHaveCount(0);
  await expect(page.locator('.tile', { hasText: 'was-here' })).toHaveCount(0);

  // By keys: a minute earlier each time.
  const slider = page.getByRole('slider', { name: 'Minutes before now' });
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(page).toHaveURL(/at=/);
  await expect(slider).toBeFocused();
  await page.getByRole('link', { name: 'An hour earlier' }).click();
  // The server is younger: that is said, not shown as an empty cluster.
  await expect(page.locator('main')).toContainText(/begins|nothing|before/i);
  complaints.expected('400');
});

test('nothing is in anybody\'s way, now and then', async ({ page, berth }) => {
  const job = await berth.submit('sleep 600', { gpus: 3, name: 'seen' });
  await expect.poll(async () => (await berth.api(`get_job?id=${job}`)).job.state).toBe('Running');
  const at = new Date().toISOString();
  const paths = { light: ['/?lens=busy', '/?lens=idle'], dark: ['/?lens=busy', '/?lens=idle', `/?at=${at}`] };
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const path of paths[scheme]) {
      await page.goto(path);
      await hydrated(page);
      await expect(page.locator('.tile').first()).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((one) => `${path}: ${one.id} ${one.nodes[0].html}`)).toEqual([]);
    }
  }
});

test('figures of GPUs far below the window rest until they come near', async ({ page }) => {
  const berth = await Berth.start({ simulate: '40x8' });
  try {
    await berth.submit('sleep 300', { gpus: 8, nodes: 40, time_limit: '1h' });
    await berth.logIn(page);
    await page.goto(`${berth.url}/`);
    await hydrated(page);
    const first = page.locator('[data-gpu]').first();
    const last = page.locator('[data-gpu]').last();
    await expect(page.locator('[data-gpu]')).toHaveCount(320);
    // Who holds it is told wherever it is.
    await expect(last.locator('.tile-job')).toHaveAttribute('href', /\/jobs\/1$/);
    const resting = await last.getAttribute('title');
    for (let changes = 0; changes < 3; changes += 1) {
      const before = await first.getAttribute('title');
      await expect(first).not.toHaveAttribute('title', before ?? '');
    }
    await expect(last).toHaveAttribute('title', resting ?? '');
    await last.scrollIntoViewIfNeeded();
    await expect(last).not.toHaveAttribute('title', resting ?? '');
  } finally {
    await berth.stop();
  }
});
