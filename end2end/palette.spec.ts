// The command palette: by keys alone, by pointer, by touch; and the keys that lead to pages.

import AxeBuilder from '@axe-core/playwright';
import { type Page } from '@playwright/test';

import { Berth, expect, hydrated, test } from './server';

// None are expected of these pages.
test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

test.beforeEach(async ({ page, berth }) => {
  await berth.cancelAll();
  await berth.logIn(page);
});

const palette = (page: Page) => page.getByRole('dialog', { name: 'Find anything' });
const field = (page: Page) => page.getByRole('combobox', { name: 'Find pages, jobs, nodes and actions' });
const options = (page: Page) => palette(page).getByRole('option');
const chosen = (page: Page) => palette(page).getByRole('option', { selected: true });

async function open(page: Page): Promise<void> {
  await page.keyboard.press('Control+k');
  await expect(field(page)).toBeFocused();
}

/** Waits until the server said what it knows of what was typed. */
async function searched(page: Page): Promise<void> {
  await expect(palette(page).getByRole('status')).toHaveText(/found$/);
}

/** What a screen reader is told to be at. */
async function told(page: Page): Promise<string> {
  const id = await field(page).getAttribute('aria-activedescendant');
  return (await page.locator(`[id="${id}"]`).textContent()) ?? '';
}

test('a page is found and gone to by keys alone, and the last pages come first', async ({ page }) => {
  await page.goto('/');
  await hydrated(page);
  await open(page);
  await expect(options(page).first()).toContainText('Dashboard');
  await page.keyboard.type('histo');
  await expect(chosen(page)).toContainText('History');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/history/);
  await expect(palette(page)).toBeHidden();
  await expect(page.getByRole('heading', { level: 1, name: 'History' })).toBeVisible();
  await open(page);
  const recent = palette(page).getByRole('group', { name: 'Recent' }).getByRole('option');
  await expect(recent).toHaveText(['Dashboardg d']);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/$/);
});

test('arrows, Home and End move the mark, over the ends too', async ({ page }) => {
  await page.goto('/');
  await hydrated(page);
  await open(page);
  await expect(chosen(page)).toHaveCount(1);
  const first = await told(page);
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => told(page)).not.toBe(first);
  await page.keyboard.press('ArrowUp');
  await expect.poll(() => told(page)).toBe(first);
  await page.keyboard.press('ArrowUp');
  await expect(options(page).last()).toHaveAttribute('aria-selected', 'true');
  await expect(options(page).last()).toBeInViewport();
  await page.keyboard.press('Home');
  await expect.poll(() => told(page)).toBe(first);
  await expect(chosen(page)).toBeInViewport();
  await page.keyboard.press('End');
  await expect(options(page).last()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowDown');
  await expect.poll(() => told(page)).toBe(first);
});

test('the focus goes back to where it was, and nothing moves while it is open', async ({ page }) => {
  await page.goto('/jobs');
  await hydrated(page);
  const filter = page.getByLabel('Name or number');
  await filter.focus();
  await open(page);
  const box = await palette(page).boundingBox();
  await page.keyboard.type('zzzz nothing is called so');
  await searched(page);
  expect(await palette(page).boundingBox()).toEqual(box);
  await page.keyboard.press('Escape');
  await expect(palette(page)).toBeHidden();
  await expect(filter).toBeFocused();
  // What was typed there is not kept, nor did it reach the page.
  await expect(filter).toHaveValue('');
  await open(page);
  await expect(field(page)).toHaveValue('');
  await page.keyboard.press('Control+k');
  await expect(palette(page)).toBeHidden();
  await expect(filter).toBeFocused();
});

test('a number and Enter lead to that job, faster than the server answers', async ({ page, berth }) => {
  const id = await berth.submit('true', { name: 'by number' });
  // So many ended since that the page does not know it.
  await page.goto('/queue');
  await hydrated(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.type(String(id));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/jobs/${id}$`));
  await expect(page.getByRole('heading', { level: 1, name: 'by number' })).toBeVisible();
});

test('a job is found by its owner and its name, also one that only the server knows', async ({ page, berth }) => {
  const ana = berth.addUser('anapalette');
  const old = await berth.submit('true', { name: 'needle-of-old' }, ana);
  // The page knows the last thirty that ended.
  const list = await Promise.all(Array.from({ length: 32 }, (_, n) => berth.submit('true', { name: `hay-${n}`, gpus: 1 })));
  await expect.poll(async () => (await berth.api('list_jobs?state=live')).jobs.length, { timeout: 45_000 }).toBe(0);
  await page.goto('/');
  await hydrated(page);
  await open(page);
  await page.keyboard.type('needle-of');
  const more = palette(page).getByRole('group', { name: 'More jobs' }).getByRole('option');
  await expect(more).toHaveCount(1);
  await expect(more).toContainText(`${old} needle-of-old`);
  await expect(more).toContainText('Succeeded');
  await field(page).fill('anapalette');
  await expect(more).toContainText('needle-of-old');
  await field(page).fill('hay-31');
  await expect(chosen(page)).toContainText(`${list[31]} hay-31`);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/jobs/${list[31]}$`));
});

test('a job is cancelled, after a question, and held without one', async ({ page, berth }) => {
  const id = await berth.submit('sleep 300', { name: 'ends early' });
  await berth.submit('sleep 300', { gpus: 8, name: 'blocker' });
  const waits = await berth.submit('sleep 300', { gpus: 16, name: 'waits' });
  await page.goto('/cluster');
  await hydrated(page);
  await open(page);
  await page.keyboard.type(`cancel ${id}`);
  await expect(chosen(page)).toContainText(`Cancel job ${id}, ends early`);
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog').filter({ hasText: `Cancel job ${id}, ends early?` });
  await expect(question).toBeVisible();
  await expect(palette(page)).toBeHidden();
  await question.getByRole('button', { name: 'Cancel the job' }).click();
  await expect(page.locator('.notices')).toContainText(`Job ${id} is cancelled.`);
  await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.outcome).toBe('Cancelled');
  await open(page);
  await page.keyboard.type('hold waits');
  await expect(chosen(page)).toContainText(`Hold job ${waits}`);
  await page.keyboard.press('Enter');
  await expect(page.locator('.notices')).toContainText(`Job ${waits} is held`);
  await open(page);
  await page.keyboard.type(`release ${waits}`);
  await expect(chosen(page)).toContainText(`Release job ${waits}`);
  await page.keyboard.press('Enter');
  await expect.poll(async () => (await berth.api(`get_job?id=${waits}`)).job.state).toBe('Queued');
  // On the job's own page its actions are there at once.
  await page.goto(`/jobs/${waits}`);
  await hydrated(page);
  await open(page);
  const here = palette(page).getByRole('group', { name: 'This job' }).getByRole('option');
  await expect(here).toHaveText([/Hold job/, /Cancel job/]);
});

test('nobody is offered to cancel the job of somebody else', async ({ browser, berth }) => {
  const id = await berth.submit('sleep 300', { name: 'not yours' });
  const context = await browser.newContext({ baseURL: berth.url });
  const page = await context.newPage();
  await page.goto('/login');
  await page.getByLabel('Or paste a token').fill(berth.addUser('bopalette'));
  await page.getByRole('button', { name: 'Use the token' }).click();
  await hydrated(page);
  await open(page);
  await page.keyboard.type(String(id));
  await expect(chosen(page)).toContainText('not yours');
  await searched(page);
  await expect(options(page).filter({ hasText: 'Cancel' })).toHaveCount(0);
  await context.close();
});

test('by pointer: the button in the header, an option, beside the box', async ({ page }) => {
  await page.goto('/');
  await hydrated(page);
  const button = page.getByRole('button', { name: 'Find anything' });
  await button.click();
  await expect(field(page)).toBeFocused();
  await options(page).filter({ hasText: 'Timeline' }).hover();
  await expect(chosen(page)).toContainText('Timeline');
  await page.mouse.click(5, 300);
  await expect(palette(page)).toBeHidden();
  await expect(button).toBeFocused();
  await button.click();
  await palette(page).getByRole('button', { name: 'Close' }).click();
  await expect(palette(page)).toBeHidden();
  await button.click();
  await options(page).filter({ hasText: 'Dark theme' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await button.click();
  await options(page).filter({ hasText: 'Theme as the system has it' }).click();
  await expect(page.locator('html')).not.toHaveAttribute('data-theme');
  await button.click();
  await field(page).fill('node-2');
  await options(page).filter({ hasText: 'node-2' }).first().click();
  await expect(page).toHaveURL(/\/cluster#node-node-2$/);
  await expect(page.getByRole('heading', { name: 'node-2' })).toBeInViewport();
});

test('by touch, on a phone', async ({ browser, berth, page }) => {
  const storageState = await page.context().storageState();
  const context = await browser.newContext({ baseURL: berth.url, storageState, hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });
  const phone = await context.newPage();
  await phone.goto('/');
  await hydrated(phone);
  expect(await phone.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  await phone.getByRole('button', { name: 'Find anything' }).tap();
  await options(phone).filter({ hasText: 'Queue' }).tap();
  await expect(phone).toHaveURL(/\/queue$/);
  await context.close();
});

test('what is not there is said, with what can be found', async ({ page, complaints }) => {
  await page.goto('/');
  await hydrated(page);
  await open(page);
  await page.keyboard.type('xyzzy');
  await expect(palette(page)).toContainText('Nothing fits “xyzzy”.');
  await searched(page);
  await expect(palette(page).getByRole('status')).toHaveText('0 found');
  await expect(field(page)).toHaveAttribute('aria-expanded', 'false');
  await page.keyboard.press('Enter');
  await expect(palette(page)).toBeVisible();
  // A number that no job has is taken back once the server said so.
  await field(page).fill('9999999');
  await expect(palette(page)).toContainText('Nothing fits “9999999”.');
  complaints.expected('404');
});

test('a server that is away is said', async ({ page, berth, complaints }) => {
  await page.goto('/');
  await hydrated(page);
  await page.route('**/api/list_jobs*', (route) => route.abort());
  await open(page);
  await page.keyboard.type('dashboard');
  await expect(palette(page).getByRole('status')).toContainText('The server does not answer');
  await expect(chosen(page)).toContainText('Dashboard');
  complaints.expected('ERR_FAILED');
});

for (const theme of ['light', 'dark'] as const) {
  test(`nothing is wrong with the open dialogs for assistive technology, ${theme}`, async ({ page, berth }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await berth.submit('sleep 300', { name: 'shown' });
    await page.goto('/');
    await hydrated(page);
    const check = async () => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join('\n')}`)).toEqual([]);
    };
    await open(page);
    await check();
    await page.keyboard.type('shown');
    await searched(page);
    await check();
    await page.keyboard.type('xyzzy');
    await searched(page);
    await check();
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
    await check();
  });
}

test('a key right after the palette closed is not taken for a letter of its field', async ({ page }) => {
  await page.goto('/');
  await hydrated(page);
  await open(page);
  // In one go: the browser moves the focus out of a closed dialog only later.
  const where = await palette(page).evaluate((dialog: HTMLDialogElement) => {
    dialog.close();
    const active = document.activeElement;
    active?.dispatchEvent(new KeyboardEvent('keydown', { key: '?', bubbles: true, cancelable: true }));
    return active?.tagName;
  });
  expect(where).toBe('INPUT');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
});

test('letters lead to pages, and keys work on the lists without buttons', async ({ page, berth }) => {
  await page.goto('/');
  await hydrated(page);
  const places = { q: /\/queue$/, j: /\/jobs$/, t: /\/timeline$/, h: /\/history$/, c: /\/cluster$/, e: /\/agent$/, a: /\/alerts$/, s: /\/submit$/, d: /\/$/ };
  for (const [letter, address] of Object.entries(places)) {
    await page.keyboard.press('g');
    await page.keyboard.press(letter);
    await expect(page).toHaveURL(address);
    // A form's first field may take the focus: letters would be its own.
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  }
  await berth.submit('sleep 300', { gpus: 16, name: 'blocker' });
  const first = await berth.submit('true', { name: 'first in line' });
  const second = await berth.submit('true', { name: 'second in line' });
  const link = (id: number) => page.locator(`.dashboard-side [data-job="${id}"] [data-row-link]`);
  await expect(link(second)).toBeVisible();
  await page.keyboard.press('j');
  await expect(link(first)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(link(second)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('x');
  await expect(chosen(page)).toContainText(`Cancel job ${first}, first in line`);
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog').filter({ hasText: `Cancel job ${first}, first in line?` });
  await expect(question).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(link(first)).toBeFocused();
  await page.keyboard.press('l');
  await expect(page).toHaveURL(new RegExp(`/jobs/${first}#log-title$`));
  await expect(page.getByRole('heading', { level: 1, name: 'first in line' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/$/);
});

test('Escape leads from a job to where one came from, else to the jobs', async ({ page, berth }) => {
  const id = await berth.submit('sleep 300', { name: 'looked at' });
  await page.goto('/jobs?state=live');
  await hydrated(page);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'looked at' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/jobs\?state=live$/);
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/jobs$/);
  // Nowhere else: a page is not left by mistake.
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/jobs$/);
});

test('pictures of the palette', async ({ page }) => {
  test.skip(!process.env.BERTH_SHOTS, 'only where pictures are wanted');
  const berth = await Berth.start();
  try {
    const [ana, kim] = ['ana', 'kim'].map((name) => berth.addUser(name));
    await berth.submit('sleep 300', { gpus: 8, name: 'llama-8b-sft' }, ana);
    await berth.submit('sleep 300', { gpus: 4, name: 'reward-model' }, kim);
    await berth.submit('exit 1', { name: 'smoke-test' });
    await berth.submit('true', { gpus: 16, name: `model-${'x'.repeat(90)}`, hold: true });
    await berth.logIn(page);
    const looks = { light: [1440, 900], dark: [1440, 900], phone: [390, 844] } as const;
    for (const [look, [width, height]] of Object.entries(looks)) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: look === 'dark' ? 'dark' : 'light', reducedMotion: 'reduce' });
      await page.goto(`${berth.url}/`);
      await hydrated(page);
      await page.screenshot({ path: `shots/palette-closed-${look}.png` });
      await page.getByRole('button', { name: 'Find anything' }).click();
      await expect(options(page).first()).toBeVisible();
      await page.screenshot({ path: `shots/palette-${look}.png` });
      await field(page).fill('model');
      await searched(page);
      await page.screenshot({ path: `shots/palette-jobs-${look}.png` });
      await field(page).fill('2');
      await searched(page);
      await page.screenshot({ path: `shots/palette-number-${look}.png` });
      await field(page).fill('xyzzy');
      await searched(page);
      await page.screenshot({ path: `shots/palette-none-${look}.png` });
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await page.screenshot({ path: `shots/palette-keys-${look}.png` });
    }
  } finally {
    await berth.stop();
  }
});
