// Campaigns: listed, reported while they go on, paused, steered and ended on their pages, with script and without.

import type { Page } from '@playwright/test';

import { violations } from './axe';
import { grid, told } from './campaign';
import { Berth, expect, hydrated, test } from './server';

const panel = (page: Page, name: string | RegExp) => page.getByRole('region', { name });
const said = (page: Page) => page.locator('.notices');
const state = (page: Page) => page.locator('#campaign-state');
const trials = (page: Page) => panel(page, /^Trials/).locator('tbody tr');

test.describe('campaigns', () => {
  let berth: Berth;
  test.beforeAll(async () => {
    berth = await Berth.start({ simulate: '1x8' });
  });

  test.afterAll(async () => berth?.stop());

  test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

  test.beforeEach(async ({ page }) => {
    const { campaigns } = await berth.api('list_campaigns');
    for (const { id } of campaigns) await berth.api('change_campaign', { id, change: 'end', why: 'the next test', jobs: true });
    await berth.cancelAll();
    await berth.logIn(page);
  });

  const open = async (page: Page, path: string) => {
    await page.goto(`${berth.url}${path}`);
    await hydrated(page);
  };

  /** Starts a grid over x and returns its number. */
  const start = async (name: string, line: string, x: number[], more: Record<string, unknown> = {}): Promise<number> =>
    (await berth.api('start_campaign', grid(name, line, x, more))).id;

  const ended = (id: number) => expect.poll(async () => (await berth.api(`campaign?id=${id}`)).state).toBe('ended');

  test('nothing goes on: the page says how to start one', async ({ page }) => {
    await page.goto(`${berth.url}/agent`);
    await hydrated(page);
    await page.getByRole('navigation', { name: 'Agents' }).getByRole('link', { name: 'Campaigns' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Campaigns' })).toBeVisible();
    const going = panel(page, 'Going on');
    await expect(going).toContainText('No campaign goes on.');
    await expect(going).toContainText('berth campaign start find-lr.toml');
    await expect(going).toContainText('lr = { from = 1e-5, to = 1e-1, scale = "log" }');
    await expect(going.getByRole('button', { name: 'Copy file' })).toBeVisible();
    expect(await violations(page)).toEqual([]);
  });

  test('one there is not is said so', async ({ page, complaints }) => {
    for (const number of ['999', 'odd']) {
      const answer = await page.goto(`${berth.url}/agent/campaigns/${number}`);
      expect(answer?.status()).toBe(404);
      await expect(page.locator('.problem')).toContainText(number);
      await hydrated(page);
    }
    complaints.expected('404');
  });

  test('a report follows its campaign to the best, and is listed', async ({ page }) => {
    const id = await start('nearest', `sleep 1; ${told}`, [1, 2, 4]);
    await open(page, `/agent/campaigns/${id}`);
    await expect(page.getByRole('heading', { level: 1, name: 'nearest' })).toBeVisible();
    await expect(page.locator('.campaign-goal')).toHaveText('As near to 2 as can be');
    await expect(trials(page)).toHaveCount(3);
    await expect(state(page)).toHaveText(/ended/);
    const best = panel(page, 'Best so far');
    await expect(best.locator('strong')).toHaveText('0');
    await expect(best).toContainText('x=2');
    const row = page.locator('tr.is-best');
    await expect(row).toContainText('best');
    await expect(row).toContainText('x=2');
    await expect(panel(page, 'Budget')).toContainText('3 done');
    await expect(panel(page, 'Budget')).toContainText('GPU-hours used');
    await expect(panel(page, 'Progress').getByRole('img')).toHaveAttribute('aria-label', /The best loss over 3 trials: .* 0 now\./);
    await expect(page.locator('.agent-actions')).toHaveCount(0);
    expect(await violations(page)).toEqual([]);
    await row.getByRole('link').click();
    await expect(page).toHaveURL(/\/jobs\/\d+$/);

    await open(page, '/agent/campaigns');
    await expect(page.locator(`[data-campaign="${id}"]`)).toHaveCount(0);
    await page.getByRole('link', { name: 'Those that ended too' }).click();
    const listed = panel(page, 'Ended').locator(`[data-campaign="${id}"]`);
    await expect(listed).toContainText('x=2');
    await expect(listed).toContainText('3 done');
    expect(await violations(page)).toEqual([]);
    await listed.getByRole('link', { name: 'nearest' }).click();
    await expect(page).toHaveURL(new RegExp(`/agent/campaigns/${id}$`));
  });

  test('one is paused, let go on, steered and ended', async ({ page }) => {
    const id = await start('long', 'sleep 600', [1, 2, 3, 4], { budget: { gpu_hours: 10, at_once: 2 } });
    await open(page, '/agent/campaigns');
    const listed = panel(page, 'Going on').locator(`[data-campaign="${id}"]`);
    await expect(listed).toContainText('running');
    await expect(listed).toContainText('2 waiting or running');
    await listed.getByRole('link', { name: 'long' }).click();
    await expect(page).toHaveURL(new RegExp(`/agent/campaigns/${id}$`));

    await page.getByText('Pause', { exact: true }).click();
    await page.getByLabel('Why it is paused').fill('a look');
    await page.getByRole('button', { name: 'Pause it' }).click();
    await expect(state(page)).toHaveText(/paused/);
    await expect(state(page)).toBeFocused();
    await expect(page.locator('.agent-why')).toContainText('a look');
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect(state(page)).toHaveText(/running/);

    await page.getByText('Steer', { exact: true }).click();
    const form = page.locator('.steer-form');
    await form.getByRole('button', { name: 'Steer it' }).click();
    await expect(said(page)).toContainText('Nothing would change');
    await form.getByLabel('4', { exact: true }).uncheck();
    await form.getByLabel('GPU-hours in all').fill('20');
    await form.getByLabel(/^Note/).fill('4 is too far');
    await form.getByRole('button', { name: 'Steer it' }).click();
    await expect(said(page)).toContainText('It is steered.');
    await expect(panel(page, 'Notes')).toContainText('4 is too far');
    await expect(panel(page, 'Budget')).toContainText('of 20');
    await expect(panel(page, 'What is searched')).toContainText('x: 1, 2, 3');
    await expect(panel(page, 'What is searched')).toContainText('A part of what was asked for:');

    await page.getByText('End', { exact: true }).click();
    await page.getByLabel('Why it ends').fill('enough');
    await page.getByRole('button', { name: 'End it' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('End campaign long?');
    await dialog.getByRole('button', { name: 'Keep it' }).click();
    await expect(state(page)).toHaveText(/running/);
    await page.getByRole('button', { name: 'End it' }).click();
    await dialog.getByRole('button', { name: 'End it' }).click();
    await expect(state(page)).toHaveText(/ended/);
    await expect(page.locator('.agent-actions')).toHaveCount(0);
    await expect.poll(async () => (await berth.api('list_jobs?state=live')).jobs.length).toBe(0);
  });

  test('they are gone through by keys, and found in the palette', async ({ page }) => {
    const ids = [await start('first', 'sleep 600', [1]), await start('second', 'sleep 600', [1, 2])];
    await open(page, '/agent/campaigns');
    for (const name of ['second', 'first']) {
      await page.keyboard.press('j');
      await expect(page.getByRole('link', { name, exact: true })).toBeFocused();
    }
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(new RegExp(`/agent/campaigns/${ids[1]}$`));
    await expect(trials(page)).toHaveCount(2);
    for (const trial of await trials(page).all()) {
      await page.keyboard.press('j');
      await expect(trial.getByRole('link')).toBeFocused();
    }
    await page.keyboard.press('Control+k');
    await page.keyboard.type('first');
    await page.getByRole('option', { name: `Campaign ${ids[0]} first` }).click();
    await expect(page).toHaveURL(new RegExp(`/agent/campaigns/${ids[0]}$`));
    await expect(page.getByRole('heading', { level: 1, name: 'first' })).toBeVisible();
  });

  test('what one does elsewhere is seen without a reload', async ({ page }) => {
    const id = await start('seen', 'sleep 600', [1, 2]);
    await open(page, `/agent/campaigns/${id}`);
    await berth.api('change_campaign', { id, change: 'pause', why: 'from a shell' });
    await expect(state(page)).toHaveText(/paused/);
    await expect(page.locator('.agent-why')).toContainText('from a shell');
  });

  test('who does not own one sees it, and changes nothing', async ({ browser }) => {
    const id = await start('mine', 'sleep 600', [1]);
    berth.addUser('ana');
    const { link } = await berth.api('login_link', { name: 'ana' });
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(link);
    await open(page, `/agent/campaigns/${id}`);
    await expect(page.getByRole('heading', { level: 1, name: 'mine' })).toBeVisible();
    await expect(page.locator('.agent-actions')).toHaveCount(0);
    await context.close();
  });

  test('the smallest phone is wide enough, whatever names are in it', async ({ page }) => {
    const name = 'n'.repeat(120);
    const id = await start(name, told, [1, 2, 3], { goal: 'g'.repeat(300), space: { x: [1, 2, 3], [`y${'y'.repeat(50)}`]: ['z'.repeat(100)] } });
    await ended(id);
    const live = await start(name, 'sleep 600', [1, 2]);
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of ['/agent/campaigns?all=1', `/agent/campaigns/${id}`, `/agent/campaigns/${live}`]) {
      await open(page, path);
      for (const summary of await page.locator('main summary').all()) await summary.click();
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(360);
      expect(await violations(page), path).toEqual([]);
    }
  });

  test.describe('without script', () => {
    test.use({ javaScriptEnabled: false });

    test('one is paused, let go on, steered and ended', async ({ page }) => {
      const id = await start('plain', 'sleep 600', [1, 2]);
      await page.goto(`${berth.url}/agent/campaigns/${id}`);
      await page.getByText('Pause', { exact: true }).click();
      await page.getByLabel('Why it is paused').fill('a look');
      await page.getByRole('button', { name: 'Pause it' }).click();
      await expect(state(page)).toHaveText(/paused/);
      await page.getByRole('button', { name: 'Resume' }).click();
      await expect(state(page)).toHaveText(/running/);
      await page.getByText('Steer', { exact: true }).click();
      await page.getByRole('button', { name: 'Steer it' }).click();
      await expect(page.getByRole('alert')).toContainText('Nothing would change');
      await page.getByText('Steer', { exact: true }).click();
      await page.getByLabel('2', { exact: true }).uncheck();
      await page.getByRole('button', { name: 'Steer it' }).click();
      await expect(panel(page, 'What is searched')).toContainText('A part of what was asked for:');
      await page.getByText('End', { exact: true }).click();
      await page.getByLabel('Why it ends').fill('enough');
      await page.getByRole('button', { name: 'End it' }).click();
      await expect(state(page)).toHaveText(/ended/);
      await expect.poll(async () => (await berth.api('list_jobs?state=live')).jobs.length).toBe(0);
    });
  });
});
