// The queue page: rows are moved by mouse, touch and keys; what is shown before the drop is what the
// server forecasts after it; rules, undo, and a queue that changes while somebody drags.

import AxeBuilder from '@axe-core/playwright';
import { type Page } from '@playwright/test';

import { Berth, expect, hydrated, test as shared } from './server';

/** A server of its own: what it learned of other tests' short jobs would let all of these start at once. */
const test = shared.extend<object, { berth: Berth }>({
  berth: [
    async ({}, use) => {
      const berth = await Berth.start();
      await use(berth);
      await berth.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});

// None are expected of these pages.
test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

test.beforeEach(async ({ page, berth }) => {
  await berth.cancelAll();
  await berth.logIn(page);
});

const WHOLE = { gpus: 8, nodes: 2 };

/** Somebody holds everything for an hour, and jobs of one to so many hours wait. */
async function line(berth: Berth, hours: number, token?: string): Promise<number[]> {
  await berth.submit('sleep 600', { ...WHOLE, time_limit: '1h', name: 'holder' });
  const jobs = [];
  for (let hour = 1; hour <= hours; hour += 1) {
    jobs.push(await berth.submit('true', { ...WHOLE, time_limit: `${hour}h`, name: `waits-${hour}` }, token));
  }
  return jobs;
}

const row = (page: Page, job: number) => page.locator(`.queue-page ol [data-job="${job}"]`);
const grip = (page: Page, job: number) => row(page, job).getByRole('button', { name: `Move job ${job}` });

/** The jobs in the order in which they are shown. */
async function order(page: Page): Promise<number[]> {
  const ids = await page.locator('.queue-page ol > [data-job]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-job')));
  return ids.map(Number);
}

/** What `attribute` says of each of these jobs. */
async function starts(page: Page, jobs: number[], attribute: 'data-start' | 'data-preview'): Promise<(string | null)[]> {
  return Promise.all(jobs.map((job) => row(page, job).getAttribute(attribute)));
}

async function open(page: Page, jobs: number[]): Promise<void> {
  await page.goto('/queue');
  await hydrated(page);
  await expect.poll(() => order(page)).toEqual(jobs);
  for (const job of jobs) await expect(row(page, job)).toHaveAttribute('data-start', /Z$/);
}

/** Presses on the grip of one row and moves to the middle of another; the mouse stays down. */
async function dragOver(page: Page, job: number, over: number): Promise<void> {
  // Waits for the list to be still: what ended before leaves the list above it.
  await grip(page, job).hover();
  await page.mouse.down();
  await expect(grip(page, job)).toHaveAttribute('aria-pressed', 'true');
  const from = await grip(page, job).boundingBox();
  const to = await row(page, over).boundingBox();
  if (!from || !to) throw new Error('a row is not there');
  await page.mouse.move(from.x + from.width / 2, to.y + to.height / 2, { steps: 8 });
}

/** Every start that the move would change is shown; these are they. */
async function previewed(page: Page, jobs: number[]): Promise<(string | null)[]> {
  for (const job of jobs) await expect(row(page, job)).toHaveAttribute('data-preview', /Z$/);
  return starts(page, jobs, 'data-preview');
}

test('what the mouse shows before the drop is what comes after it', async ({ page, berth }) => {
  const jobs = await line(berth, 4);
  const [first, , , last] = jobs;
  await open(page, jobs);
  const before = await starts(page, jobs, 'data-start');
  await dragOver(page, last, first);
  const shown = await previewed(page, jobs);
  expect(shown).not.toEqual(before);
  await expect(row(page, first)).toContainText('4 h later');
  await expect(page.locator('.queue-toll')).toContainText('3 jobs of admin start up to 4 h later');
  await page.mouse.up();
  await expect.poll(() => order(page)).toEqual([last, ...jobs.slice(0, 3)]);
  await expect.poll(() => starts(page, jobs, 'data-start')).toEqual(shown);
  const { jobs: listed } = await berth.api('list_jobs?state=Queued');
  const told = jobs.map((job) => listed.find((one: { id: number }) => one.id === job).start_p50);
  expect(told).toEqual(shown);

  // And back, within ten seconds.
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => order(page)).toEqual(jobs);
  await expect.poll(() => starts(page, jobs, 'data-start')).toEqual(before);
});

test('the same by keys alone, with everything said aloud', async ({ page, berth }) => {
  const jobs = await line(berth, 3);
  const [first, second, last] = jobs;
  await open(page, jobs);
  await grip(page, last).focus();
  const said = page.locator('.queue-page > [role=status]');
  await page.keyboard.press('Space');
  await expect(said).toContainText(`Job ${last} picked up, place 3 of 3`);
  await page.keyboard.press('ArrowUp');
  await expect(said).toContainText('Place 2. It would start');
  await page.keyboard.press('Escape');
  await expect(said).toContainText('back where it was');
  await page.keyboard.press('Space');
  await page.keyboard.press('Home');
  const shown = await previewed(page, jobs);
  await page.keyboard.press('Space');
  await expect.poll(() => order(page)).toEqual([last, first, second]);
  await expect.poll(() => starts(page, jobs, 'data-start')).toEqual(shown);
  await expect(grip(page, last)).toBeFocused();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true });

  test('the same by touch', async ({ page, berth }) => {
    const jobs = await line(berth, 3);
    const [first, second, last] = jobs;
    await open(page, jobs);
    const from = await grip(page, last).boundingBox();
    const to = await row(page, first).boundingBox();
    if (!from || !to) throw new Error('a row is not there');
    const touch = await page.context().newCDPSession(page);
    const at = (y: number) => [{ x: from.x + from.width / 2, y }];
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(from.y + from.height / 2) });
    for (const y of [from.y, to.y + to.height, to.y + to.height / 2]) {
      await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(y) });
    }
    const shown = await previewed(page, jobs);
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await expect.poll(() => order(page)).toEqual([last, first, second]);
    await expect.poll(() => starts(page, jobs, 'data-start')).toEqual(shown);
  });
});

test('a place that a rule forbids says which, and nothing is sent', async ({ page, berth, complaints }) => {
  const kim = berth.addUser('kim');
  const [first] = await line(berth, 1);
  const mine = await berth.submit('true', { ...WHOLE, time_limit: '1h', name: 'of kim' }, kim);
  const also = await berth.submit('true', { ...WHOLE, time_limit: '2h', name: 'of kim too' }, kim);
  await page.context().clearCookies();
  await page.goto(`/login`);
  await page.getByLabel('Or paste a token').fill(kim);
  await page.getByRole('button', { name: 'Use the token' }).click();
  await open(page, [first, mine, also]);
  await expect(grip(page, first)).toBeDisabled();
  // Past one's own, but not past another's.
  await dragOver(page, also, mine);
  await expect(row(page, mine)).toHaveAttribute('data-preview', /Z$/);
  const target = await row(page, first).boundingBox();
  if (!target) throw new Error('the row is not there');
  await page.mouse.move(target.x + 40, target.y + target.height / 2, { steps: 4 });
  await expect(page.locator('.queue-toll')).toContainText(`Job ${also} would pass job ${first} of admin.`);
  await page.mouse.up();
  await expect.poll(() => order(page)).toEqual([first, mine, also]);
  // The server says the same to whoever asks it.
  const refused = await berth.api('move_job', { id: also, to: 'top' }, kim).catch((error) => String(error));
  expect(refused).toContain('403');
  expect(refused).toContain(`would pass job ${first} of admin`);
  expect(complaints.all).toEqual([]);
});

test('a queue that changes during the drag settles to what is true', async ({ page, berth }) => {
  const jobs = await line(berth, 3);
  const [first, second, last] = jobs;
  await open(page, jobs);
  await dragOver(page, last, first);
  await previewed(page, jobs);
  await berth.api('cancel_job', { id: first });
  await expect(row(page, first)).toContainText('does not wait any more');
  await page.mouse.up();
  await expect.poll(() => order(page)).toEqual([last, second]);
});

test('chosen jobs are held, changed and cancelled together', async ({ page, berth }) => {
  const jobs = await line(berth, 3);
  await open(page, jobs);
  for (const job of jobs.slice(0, 2)) await page.getByLabel(`Choose job ${job}`).check();
  const bulk = page.getByRole('group', { name: 'Chosen jobs' });
  await expect(bulk).toContainText('2 jobs chosen');
  await bulk.getByLabel('Class').selectOption('high');
  await bulk.getByLabel('Time limit').fill('30m');
  await bulk.getByRole('button', { name: 'Change' }).click();
  for (const job of jobs.slice(0, 2)) {
    await expect(row(page, job).locator('.queue-class')).toHaveText('high');
    await expect(row(page, job).locator('.queue-limit')).toHaveText('30m');
  }
  await page.getByLabel(`Choose job ${jobs[0]}`).check();
  await bulk.getByRole('button', { name: 'Hold' }).click();
  await expect(row(page, jobs[0])).toContainText('Held by its owner');
  await page.getByLabel(`Choose job ${jobs[2]}`).check();
  await bulk.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Cancel them' }).click();
  await expect(row(page, jobs[2])).toHaveCount(0);
});

test('why a job waits, by whom, and what would help; by group; without violations', async ({ page, berth }) => {
  const jobs = await line(berth, 2);
  await open(page, jobs);
  await page.getByRole('button', { name: `Why job ${jobs[1]} waits` }).click();
  await expect(row(page, jobs[1])).toContainText('Before it');
  await expect(row(page, jobs[1]).getByRole('link', { name: 'waits-1' })).toBeVisible();
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations).toEqual([]);
  await page.getByRole('link', { name: 'By user' }).click();
  await expect(page).toHaveURL(/group=user/);
  await expect(page.getByRole('heading', { name: /^admin 2 jobs, 32 GPUs/ })).toBeVisible();
  await expect(grip(page, jobs[0])).toBeDisabled();
});

test('a queue of hundreds: only what is near is on the page, and a row goes from one end to the other', async ({ page, berth }) => {
  await line(berth, 1);
  const jobs: number[] = [];
  for (let job = 0; job < 299; job += 1) jobs.push(await berth.submit('true', { ...WHOLE, time_limit: '1h', name: `one-of-many-${job}` }));
  const [first, last] = [jobs[0], jobs[jobs.length - 1]];
  await page.goto('/queue');
  await hydrated(page);
  await expect(row(page, first)).toHaveAttribute('aria-setsize', '300');
  await expect(row(page, last)).toHaveCount(0);
  expect((await order(page)).length).toBeLessThan(100);
  await page.mouse.wheel(0, 100_000);
  await expect(row(page, last)).toContainText('one-of-many-298');
  await expect(row(page, last).locator('.queue-place')).toHaveText('300');
  await expect(row(page, first)).toHaveCount(0);
  expect((await order(page)).length).toBeLessThan(100);

  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  // The row that moves stays, however far.
  await grip(page, last).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Home');
  await expect(row(page, last)).toHaveAttribute('data-preview', /Z$/);
  await expect(grip(page, last)).toBeInViewport();
  await expect(row(page, first)).toHaveAttribute('data-preview', /Z$/);
  const shown = await row(page, last).getAttribute('data-preview');
  await page.keyboard.press('Space');
  await expect.poll(async () => (await order(page))[0]).toBe(last);
  await expect(row(page, last)).toHaveAttribute('data-start', shown ?? '');
  await expect(grip(page, last)).toBeFocused();

  // By mouse, past the edge of the window.
  const from = await grip(page, first).boundingBox();
  const size = page.viewportSize();
  if (!from || !size) throw new Error('a row is not there');
  await grip(page, first).hover();
  await page.mouse.down();
  await page.mouse.move(from.x + 5, size.height - 10, { steps: 8 });
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(4000);
  await page.mouse.move(from.x + 5, size.height / 2);
  await expect(row(page, first)).toHaveClass(/queue-row-lifted/);
  await expect(row(page, first)).toHaveAttribute('data-preview', /Z$/);
  await expect(row(page, first)).toBeInViewport();
  const then = await row(page, first).getAttribute('data-preview');
  await page.mouse.up();
  await expect(row(page, first)).toHaveAttribute('data-start', then ?? '');
});

test('an empty queue says so, and leaving the dashboard for it works', async ({ page }) => {
  await page.goto('/');
  await hydrated(page);
  await page.getByRole('link', { name: 'Queue', exact: true }).click();
  await expect(page.getByText('Nothing waits.')).toBeVisible();
});
