// The timeline: who holds what when, by mouse, by finger and by keys; reservations that are drawn,
// changed and cancelled; any minute that is over; the calendar; and all of it without script.

import type { Locator, Page } from '@playwright/test';

import { Berth, expect, hydrated, test } from './server';

// None are expected of these pages.
test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

test.beforeEach(async ({ page, berth }) => {
  await berth.cancelAll();
  const { reservations } = await berth.api('list_reservations');
  for (const { id } of reservations) await berth.api('cancel_reservation', { id }).catch(() => {});
  await berth.logIn(page);
});

const job = (page: Page, id: number) => page.locator(`.tl-bar[href="/jobs/${id}"]`);

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

async function runs(berth: Berth, id: number): Promise<void> {
  await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.state).toBe('Running');
}

/** Where it is, once it is drawn: what is drawn anew is nowhere for a moment. */
async function box(of: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  let found = await of.boundingBox();
  await expect.poll(async () => (found ??= await of.boundingBox())).not.toBeNull();
  return found!;
}

/** Draws from one share of an element's width to another. */
async function draw(page: Page, on: Locator, from: number, to: number): Promise<void> {
  const { x, y, width, height } = await box(on);
  await page.mouse.move(x + from * width, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + ((from + to) / 2) * width, y + height / 2, { steps: 4 });
  await page.mouse.move(x + to * width, y + height / 2, { steps: 4 });
  await page.mouse.up();
}

test('a running job shows, grows, and ends in place without a reload', async ({ page, berth }) => {
  const before = await berth.submit('sleep 1', { gpus: 2, name: 'before' });
  await expect.poll(async () => (await berth.api(`get_job?id=${before}`)).job.state).toBe('Finished');
  await page.goto('/timeline?zoom=hour');
  await hydrated(page);
  await expect(page.getByRole('heading', { level: 1, name: 'Timeline' })).toBeVisible();
  await expect(job(page, before)).toHaveAttribute('aria-label', `Job ${before}, before, admin, 2 GPUs, succeeded`);

  const id = await berth.submit(`while ! test -e ${berth.dataDir}/enough; do sleep 0.1; done`, { gpus: 8, nodes: 2, name: 'gang', time_limit: '30m' });
  // On each of its nodes, over eight rows.
  await expect(job(page, id)).toHaveCount(2);
  await expect(job(page, id).first()).toHaveAttribute('data-rows', '8');
  await runs(berth, id);
  const solid = job(page, id).first().locator('.tl-done');
  const width = (await box(solid)).width;
  await expect.poll(async () => (await box(solid)).width).toBeGreaterThan(width + 1);
  // Half an hour of an hour, from now on.
  const track = await box(page.locator('.tl-axis'));
  expect((await box(job(page, id).first())).width / track.width).toBeCloseTo(0.5, 1);

  await job(page, id).first().hover();
  await expect(page.getByRole('tooltip')).toContainText(`Job ${id}, gang`);
  await expect(page.getByRole('tooltip')).toContainText('16 GPUs on node-1: 0, 1, 2, 3, 4, 5, 6, 7 · node-2:');
  await expect(page.getByRole('tooltip')).toContainText('Its limit ends it at');
  berth.touch('enough');
  await expect(job(page, id).first()).toHaveClass(/tl-is-ok/);
  await expect(job(page, id).first()).toHaveAttribute('aria-label', /succeeded$/);
});

test('what waits has a start with a soft edge', async ({ page, berth }) => {
  await berth.submit('sleep 300', { gpus: 16, name: 'full', time_limit: '4h' });
  const id = await berth.submit('true', { gpus: 4, name: 'next', time_limit: '1h' });
  await page.goto('/timeline');
  await hydrated(page);
  const wait = page.locator(`.tl-wait[data-job="${id}"]`);
  await expect(wait).toBeVisible();
  const { start_p50 } = (await berth.api(`get_job?id=${id}`)).job;
  expect(new Date((await wait.getAttribute('data-start')) ?? '').getTime()).toBe(new Date(start_p50).getTime());
  await wait.hover();
  await expect(page.getByRole('tooltip')).toContainText('Starts');
});

test('zoom and time are in the address; buttons, keys, wheel and drag move', async ({ page }) => {
  await page.goto('/timeline');
  await hydrated(page);
  await page.getByRole('link', { name: 'Week' }).click();
  await expect(page).toHaveURL(/zoom=week/);
  await expect(page.getByRole('link', { name: 'Week' })).toHaveAttribute('aria-current', 'true');
  const from = async () => new Date(new URL(page.url()).searchParams.get('from') ?? 0).getTime();
  await page.getByRole('link', { name: 'Later', exact: true }).click();
  await expect(page).toHaveURL(/from=/);
  const first = await from();
  const chart = page.getByRole('group', { name: /^Timeline\./ });
  await chart.focus();
  await page.keyboard.press('ArrowLeft');
  await expect.poll(from).toBeLessThan(first);
  await expect(chart).toBeFocused();
  await page.keyboard.press('+');
  await expect(page).toHaveURL(/zoom=day/);
  // Each counts, even if what the one before asked for is not drawn yet: no answer comes in no time.
  const twice = (key: string) =>
    chart.evaluate(async (element, key) => {
      const press = () => element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      press();
      await new Promise((next) => setTimeout(next));
      press();
    }, key);
  const day = await from();
  await twice('ArrowLeft');
  await expect.poll(from).toBe(day - 12 * 3_600_000);
  await expect(chart).toBeFocused();
  await twice('-');
  await expect(page).toHaveURL(/zoom=month/);
  await expect(chart).toBeFocused();
  await page.keyboard.press('Home');
  await expect(page).not.toHaveURL(/from=/);

  await page.goto('/timeline?from=2026-11-26T00:00:00Z');
  await hydrated(page);
  const rows = page.locator('.tl-node .tl-track').first();
  await draw(page, rows, 0.5, 0.75);
  // A quarter of a day back.
  await expect.poll(from).toBeLessThan(new Date('2026-11-25T18:10:00Z').getTime());
  expect(await from()).toBeGreaterThan(new Date('2026-11-25T17:50:00Z').getTime());
  await rows.hover();
  const there = await from();
  await page.mouse.wheel(300, 0);
  await expect.poll(from).toBeGreaterThan(there);
});

// Between what is drawn and what takes its place there is a chart that can still be touched.
test('keys, wheel and pointer do no harm to a chart that is being drawn anew', async ({ page, berth }) => {
  await berth.submit('sleep 300', { gpus: 2, name: 'touched', time_limit: '1h' });
  await page.goto('/timeline?zoom=day');
  await hydrated(page);
  await expect(page.locator('.tl-bar, [data-bar]').first()).toBeVisible();
  const first = await page.locator('.tl-axis').innerText();
  await page.evaluate(async () => {
    const end = performance.now() + 3000;
    for (let turn = 0; performance.now() < end; turn += 1) {
      const chart = document.querySelector('.tl');
      const track = chart?.querySelector('.tl-node .tl-track');
      const all = { bubbles: true, cancelable: true, button: 0, isPrimary: true, clientX: turn % 500 };
      for (const type of ['pointerover', 'pointerdown', 'pointermove', 'pointercancel']) {
        track?.dispatchEvent(new PointerEvent(type, all));
      }
      track?.dispatchEvent(new MouseEvent('click', all));
      track?.dispatchEvent(new WheelEvent('wheel', { ...all, deltaX: 1 }));
      // So far apart that what it asks for is drawn before the next.
      if (turn % 40 === 0) chart?.dispatchEvent(new KeyboardEvent('keydown', { ...all, key: 'ArrowLeft' }));
      await new Promise((next) => setTimeout(next));
    }
  });
  // That there are no complaints is looked at in the end.
  await expect(page.locator('.tl-axis')).not.toHaveText(first);
});

test('a reservation is drawn, looked at, made, moved and cancelled', async ({ page, berth, complaints }) => {
  await berth.submit('sleep 300', { gpus: 16, name: 'full', time_limit: '15m' });
  // Nobody's of the project that will hold it.
  const waits = await berth.submit('true', { gpus: 16, name: 'next', time_limit: '3h' });
  await expect.poll(async () => (await berth.api(`get_job?id=${waits}`)).job.start_p50).toBeTruthy();
  await page.goto('/timeline');
  await hydrated(page);
  const axis = page.locator('.tl-axis .tl-surface');
  // From an hour ahead on, for six.
  await draw(page, axis, 0.3, 0.55);
  const form = page.getByRole('form', { name: 'Reserve GPUs' });
  await expect(form.getByLabel('What for')).toBeFocused();
  await expect(page.locator('.tl-ghost')).toBeVisible();
  await form.getByLabel('What for').fill('demo');
  await form.getByLabel('For a project').fill('vision');
  await form.getByLabel('GPUs', { exact: true }).fill('17');
  await expect(form.getByRole('status')).toContainText('17');
  complaints.expected('400');
  await form.getByLabel('GPUs', { exact: true }).fill('8');
  await expect(form.getByRole('status')).toContainText(/Keeps 8 GPUs from .* to .*: 48 GPU-hours\./);
  // It would have needed all of them in that time.
  await expect(form.getByRole('status')).toContainText('Delays the waiting job: admin by up to');
  await expect(form.locator(`[data-job="${waits}"]`)).toContainText('→');
  expect((await berth.api('list_reservations')).reservations).toEqual([]);
  await form.getByRole('button', { name: 'Reserve' }).click();
  await expect(page).not.toHaveURL(/reserve=/);
  const band = page.locator('.tl-band');
  await expect(band).toHaveAttribute('aria-label', 'demo, 8 GPUs for project vision, to come');
  const [made] = (await berth.api('list_reservations')).reservations;
  expect(new Date(made.end).getTime() - new Date(made.start).getTime()).toBe(6 * 3_600_000);

  // Two hours later.
  await page.evaluate(() => window.scrollTo(0, 0));
  const { width } = await box(axis);
  const at = await box(band);
  await page.mouse.move(at.x + at.width / 2, at.y + at.height / 2);
  await page.mouse.down();
  await page.mouse.move(at.x + at.width / 2 + width / 24, at.y + at.height / 2, { steps: 4 });
  await page.mouse.move(at.x + at.width / 2 + width / 12, at.y + at.height / 2, { steps: 4 });
  await page.mouse.up();
  const change = page.getByRole('form', { name: `Change reservation ${made.id}` });
  await expect(change.getByRole('status')).toContainText('Keeps 8 GPUs');
  await change.getByRole('button', { name: 'Save the change' }).click();
  await expect(page).not.toHaveURL(/reserve=/);
  const moved = async () => {
    const [one] = (await berth.api('list_reservations')).reservations;
    return (new Date(one.start).getTime() - new Date(made.start).getTime()) / 60_000;
  };
  await expect.poll(moved).toBe(120);

  await page.getByRole('button', { name: 'Cancel demo' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel the reservation' }).click();
  await expect(band).toHaveCount(0);
  expect((await berth.api('list_reservations')).reservations).toEqual([]);
});

test('the same with a finger', async ({ browser, berth }) => {
  const context = await browser.newContext({ baseURL: berth.url, hasTouch: true, isMobile: true, viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await berth.logIn(page);
  await page.goto('/timeline');
  await hydrated(page);
  const { x, y, width, height } = await box(page.locator('.tl-axis .tl-surface'));
  const touch = await context.newCDPSession(page);
  const at = (share: number) => [{ x: x + share * width, y: y + height / 2 }];
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: at(0.4) });
  for (const share of [0.45, 0.5, 0.55, 0.6]) {
    await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: at(share) });
  }
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  const form = page.getByRole('form', { name: 'Reserve GPUs' });
  await expect(form.getByRole('status')).toContainText(/Keeps 1 GPU from/);
  await form.getByRole('button', { name: 'Reserve' }).click();
  await expect(page.locator('.tl-band')).toHaveCount(1);
  await context.close();
});

test('by keys alone: from bar to bar, to a job, and a reservation with the form', async ({ page, berth }) => {
  const first = await berth.submit('sleep 300', { gpus: 2, name: 'first', time_limit: '2h' });
  await runs(berth, first);
  const second = await berth.submit('sleep 300', { gpus: 1, name: 'second', time_limit: '2h' });
  await runs(berth, second);
  await page.goto('/timeline');
  await hydrated(page);
  const chart = page.getByRole('group', { name: /^Timeline\./ });
  await chart.focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('.tl-bar:focus')).toHaveAttribute('tabindex', '0');
  // Down to the running ones, whatever ended before.
  await job(page, first).focus();
  await expect(page.getByRole('tooltip')).toContainText(`Job ${first}, first`);
  await page.keyboard.press('ArrowDown');
  await expect(job(page, second)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowDown');
  await expect(job(page, second)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/jobs/${second}$`));
  await page.goBack();

  await page.getByRole('link', { name: 'Reserve' }).focus();
  await page.keyboard.press('Enter');
  const form = page.getByRole('form', { name: 'Reserve GPUs' });
  await expect(form.getByLabel('What for')).toBeFocused();
  await page.keyboard.type('by keys');
  await form.getByLabel('GPUs', { exact: true }).focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('2');
  await expect(form.getByRole('status')).toContainText('Keeps 2 GPUs');
  await page.keyboard.press('Enter');
  await expect(page.locator('.tl-band')).toHaveAttribute('aria-label', /^by keys, 2 GPUs for admin/);
});

test('one that comes again shows each of its times; marks of what became of them', async ({ page, berth }) => {
  await page.goto('/timeline?zoom=week');
  await hydrated(page);
  await page.getByRole('link', { name: 'Reserve' }).click();
  const form = page.getByRole('form', { name: 'Reserve GPUs' });
  await form.getByLabel('What for').fill('nightly');
  await form.getByText('Again and again').click();
  await form.getByLabel('every day').check();
  await expect(form.getByRole('status')).toContainText('each time, every day (UTC).');
  await expect(form.getByRole('list', { name: 'The next times' }).getByRole('listitem')).toHaveCount(5);
  await form.getByRole('button', { name: 'Reserve' }).click();
  await expect(page.locator('.tl-band.tl-again').nth(3)).toBeVisible();
  await expect(page.locator('.promise')).toContainText('every day (UTC)');

  await berth.api('create_reservation', { reservation: { gpus: 4, length: '1h', note: 'nobody came', no_show: '1s' } });
  const early = await berth.api('create_reservation', { reservation: { gpus: 2, length: '1h', note: 'early' } });
  await expect.poll(async () => (await berth.api('timeline?nodes=none')).reservations.find((one: { reservation: { note: string } }) => one.reservation.note === 'nobody came')?.reservation.occurrences[0].state).toBe('no_show');
  await page.goto('/timeline?zoom=hour');
  await hydrated(page);
  const noShow = page.locator('.promise', { hasText: 'nobody came' });
  await expect(noShow).toContainText('Nobody came, released');
  await expect(noShow).toContainText('of GPU time idle, charged to fair share');
  await page.getByRole('button', { name: 'Give back what is left of early' }).click();
  await expect(page.locator(`[data-promise="${early.reservation.id}"]`)).toContainText('Given back');
});

test('a minute that is over is marked in the chart, and told beside it', async ({ page, berth, complaints }) => {
  const gone = await berth.submit('sleep 600', { gpus: 16, name: 'was-here', time_limit: '2h' });
  await runs(berth, gone);
  await berth.submit('true', { gpus: 4, name: 'waited', hold: true });
  const then = new Date().toISOString();
  await berth.cancelAll();
  // Rendered on the server as well.
  await page.goto(`/timeline?at=${then}`);
  await hydrated(page);
  const past = page.locator('.tl-past');
  await expect(past.getByRole('heading', { name: /^Then, / })).toBeVisible();
  await expect(past.locator('.totals > div', { hasText: 'allocated' })).toContainText('16');
  const held = past.locator(`.line[data-job="${gone}"]`);
  await expect(held).toContainText('was-here');
  await expect(held).toContainText('16 GPUs');
  await expect(held).toContainText('node-1: 0, 1, 2, 3, 4, 5, 6, 7 · node-2:');
  const waited = past.locator('.line', { hasText: 'waited' });
  await expect(waited.locator('.line-reason')).toContainText(/held/i);
  // In the middle.
  const mark = page.locator('.tl-then');
  const [grid, at] = [await box(page.locator('.tl-grid')), await box(mark)];
  expect((at.x - grid.x) / grid.width).toBeCloseTo(0.5, 2);

  // By keys: a minute earlier.
  const slider = page.getByRole('slider', { name: 'Minutes before now' });
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(page).toHaveURL(/at=[-\d]+T\d\d:\d\d:00Z/);
  await expect(slider).toBeFocused();
  await expect(mark).toBeVisible();
  // The server is younger than that.
  await page.getByRole('link', { name: 'An hour earlier' }).click();
  await expect(page.locator('.timeline-then')).toContainText('the journal begins at');
  complaints.expected('400');
  await page.getByRole('link', { name: 'Back to now' }).click();
  await expect(page).toHaveURL(/\/timeline$/);
  await expect(page.locator('.timeline-then')).toBeEmpty();
  await expect(mark).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Now', exact: true })).toHaveAttribute('aria-current', 'true');
});

/** The Monday of next week, and days after it. */
function nextWeek(): (day: number) => string {
  const monday = new Date(Date.now() + 7 * 86_400_000);
  monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7));
  return (day) => new Date(monday.getTime() + day * 86_400_000).toISOString().slice(0, 10);
}

test('the calendar shows a week by the clock of whoever looks, and reserves from an empty hour', async ({ browser, berth }) => {
  const date = nextWeek();
  const { reservation } = await berth.api('create_reservation', {
    reservation: { gpus: 4, start: `${date(0)}T09:00`, end: `${date(0)}T11:00`, every: ['mon', 'wed'], zone: 'Asia/Kathmandu', note: 'class' },
  });
  // At the same time on one of its days.
  await berth.api('create_reservation', { reservation: { gpus: 2, start: `${date(2)}T10:30:00+05:45`, length: '2h', note: 'demo' } });
  const context = await browser.newContext({ baseURL: berth.url, timezoneId: 'Asia/Kathmandu', viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await berth.logIn(page);
  await page.goto(`/timeline?view=week&from=${date(3)}`);
  await hydrated(page);
  await expect(page.getByRole('link', { name: 'Calendar' })).toHaveAttribute('aria-current', 'true');
  const day = (n: number) => page.locator('.week-day').nth(n);
  const slot = (n: number, hour: number) => page.locator(`[data-slot="${n}-${hour}"]`);
  await expect(day(0)).toHaveAttribute('data-day', date(0));
  await expect(page.locator('.week-block')).toHaveCount(3);
  for (const n of [0, 2]) {
    const block = day(n).getByRole('link', { name: 'class, 4 GPUs for admin, to come, 09:00 to 11:00' });
    const [at, first, last] = [await box(block), await box(slot(n, 9)), await box(slot(n, 10))];
    expect(Math.abs(at.y - first.y)).toBeLessThan(4);
    expect(Math.abs(at.y + at.height - last.y - last.height)).toBeLessThan(5);
    // Beside the other one there is half as much room.
    const share = at.width / first.width;
    expect(share).toBeGreaterThan(n === 2 ? 0.35 : 0.8);
    expect(share).toBeLessThan(n === 2 ? 0.5 : 1);
  }
  const first = day(0).locator('.week-block');
  await first.hover();
  await expect(page.getByRole('tooltip')).toContainText('Comes every mon, wed (Asia/Kathmandu)');
  await first.click();
  const change = page.getByRole('form', { name: `Change reservation ${reservation.id}` });
  await expect(change.getByLabel('From', { exact: true })).toHaveValue(`${date(0)}T09:00`);
  await change.getByRole('link', { name: 'Close' }).click();
  await expect(change).toHaveCount(0);

  // One hour is reached by Tab, the others from it.
  const reached = page.locator('.week-open[tabindex="0"]');
  await expect(reached).toHaveCount(1);
  await reached.focus();
  await page.keyboard.press('ArrowRight');
  for (let hour = 0; hour < 14; hour += 1) await page.keyboard.press('ArrowDown');
  await expect(slot(1, 14)).toBeFocused();
  await expect(slot(1, 14)).toHaveAttribute('tabindex', '0');
  await page.keyboard.press('Enter');
  const form = page.getByRole('form', { name: 'Reserve GPUs' });
  await expect(form.getByLabel('From', { exact: true })).toHaveValue(`${date(1)}T14:00`);
  await expect(form.getByLabel('To', { exact: true })).toHaveValue(`${date(1)}T15:00`);
  // Browsers name it as they like.
  await expect(form.getByLabel('Time zone')).toHaveValue(/^Asia\/Kath?mandu$/);
  await expect(form.getByRole('status')).toContainText('Keeps 1 GPU from');
  await form.getByLabel('What for').fill('from an hour');
  await form.getByRole('button', { name: 'Reserve' }).click();
  await expect(day(1).getByRole('link', { name: 'from an hour, 1 GPU for admin, to come, 14:00 to 15:00' })).toBeVisible();
  const { reservations } = await berth.api('list_reservations');
  const made = reservations.find((one: { note: string }) => one.note === 'from an hour');
  expect(new Date(made.start).getTime()).toBe(new Date(`${date(1)}T14:00:00+05:45`).getTime());

  await page.getByRole('link', { name: 'The week after' }).click();
  await expect(page).toHaveURL(new RegExp(`from=${date(7)}`));
  await expect(page.locator('.week-block')).toHaveCount(2);
  await page.getByRole('link', { name: 'Today' }).click();
  await expect(page).not.toHaveURL(/from=/);
  await expect(page.locator('.week-day[aria-current="date"]')).toHaveCount(1);

  // On a phone a list by day.
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`/timeline?view=week&from=${date(0)}`);
  await hydrated(page);
  await expect(slot(1, 14)).toBeHidden();
  await expect(day(2).locator('.week-block')).toHaveCount(2);
  await expect(day(3)).toContainText('Nothing is reserved.');
  const [upper, lower] = [await box(day(2).locator('.week-block').first()), await box(day(2).locator('.week-block').last())];
  expect(lower.y).toBeGreaterThanOrEqual(upper.y + upper.height);
  await context.close();
});

test('who may not change a reservation sees why; what is in the way is said', async ({ browser, berth }) => {
  const { reservation } = await berth.api('create_reservation', { reservation: { gpus: 12, start: inHours(2), length: '2h', note: 'big' } });
  const context = await browser.newContext({ baseURL: berth.url });
  const page = await context.newPage();
  await page.goto('/login');
  await page.getByLabel('Or paste a token').fill(berth.addUser('eve'));
  await page.getByRole('button', { name: 'Use the token' }).click();
  await page.goto('/timeline');
  await hydrated(page);
  await expect(page.locator(`[data-promise="${reservation.id}"]`)).toContainText('Made by admin: only who made or holds it, a lead or an admin can change it.');
  await expect(page.getByRole('button', { name: 'Cancel big' })).toHaveCount(0);
  await page.goto(`/timeline?reserve=new&gpus=8&start=${encodeURIComponent(inHours(3))}&end=${encodeURIComponent(inHours(4))}`);
  await hydrated(page);
  const form = page.getByRole('form', { name: 'Reserve GPUs' });
  await expect(form).toContainText('only leads and admins reserve for other people');
  await context.close();
});

test('128 nodes stay usable: one lane each, rows on demand', async ({ browser }) => {
  test.setTimeout(120_000);
  const berth = await Berth.start({ simulate: '128x8' });
  try {
    const context = await browser.newContext({ baseURL: berth.url });
    const page = await context.newPage();
    await berth.logIn(page);
    const id = await berth.submit('sleep 300', { gpus: 8, name: 'one node', time_limit: '2h' });
    await runs(berth, id);
    await page.goto('/timeline?zoom=month');
    await hydrated(page);
    await expect(page.locator('.tl-node')).toHaveCount(128);
    await expect(page.locator('.tl-node .tl-bar')).toHaveCount(0);
    const { lease } = (await berth.api(`get_job?id=${id}`)).job;
    const node = page.locator(`[data-node="${lease[0].node}"]`);
    await expect(node.locator('.tl-count')).toHaveText('8/8');
    await node.getByRole('link', { name: lease[0].node }).click();
    await expect(page).toHaveURL(new RegExp(`open=${lease[0].node}`));
    await expect(job(page, id)).toHaveAttribute('data-rows', '8');
    await node.getByRole('link', { name: lease[0].node }).click();
    await expect(job(page, id)).toHaveCount(0);
    await context.close();
  } finally {
    await berth.stop();
  }
});

test.describe('without script', () => {
  test.use({ javaScriptEnabled: false });

  test('everything is there, and a reservation is looked at, made, refused, changed and cancelled', async ({ page, berth }) => {
    const id = await berth.submit('sleep 300', { gpus: 2, name: 'plain', time_limit: '2h' });
    await runs(berth, id);
    await page.goto('/timeline');
    await expect(job(page, id)).toBeVisible();
    await page.getByText('The same as a table').click();
    await expect(page.getByRole('table')).toContainText(`${id}, plain`);
    await page.getByRole('link', { name: 'Week' }).click();
    await expect(page).toHaveURL(/zoom=week/);

    await page.getByRole('link', { name: 'Reserve' }).click();
    let form = page.getByRole('form', { name: 'Reserve GPUs' });
    await form.getByLabel('What for').fill('a & b');
    await form.getByLabel('GPUs', { exact: true }).fill('8');
    await form.getByRole('button', { name: 'Preview' }).click();
    form = page.getByRole('form', { name: 'Reserve GPUs' });
    await expect(form.getByRole('status')).toContainText('Keeps 8 GPUs');
    await expect(form.getByRole('status')).toContainText('8 GPU-hours');
    await form.getByRole('button', { name: 'Reserve' }).click();
    await expect(page).toHaveURL(/\/timeline\?zoom=week$/);
    await expect(page.locator('.promise')).toContainText('a & b');

    // Beside it 16 are too many: it says who is in the way, and what was typed stays.
    const [made] = (await berth.api('list_reservations')).reservations;
    const time = { start: made.start.slice(0, 16), end: made.end.slice(0, 16) };
    await page.goto(`/timeline?reserve=new&gpus=16&start=${time.start}&end=${time.end}&note=more`);
    await form.getByRole('button', { name: 'Reserve' }).click();
    await expect(page.getByRole('alert')).toContainText("admin's reservation 'a & b'");
    await expect(form.getByLabel('What for')).toHaveValue('more');

    await page.getByRole('link', { name: 'Change a & b' }).click();
    form = page.getByRole('form', { name: `Change reservation ${made.id}` });
    await form.getByLabel('GPUs', { exact: true }).fill('4');
    await form.getByRole('button', { name: 'Save the change' }).click();
    await expect(page.locator('.promise')).toContainText('4 GPUs for admin');
    await page.getByRole('button', { name: 'Cancel a & b' }).click();
    await expect(page.locator('.promise')).toHaveCount(0);
  });

  test('the calendar is there, and its hours lead to the form', async ({ page, berth }) => {
    const date = nextWeek();
    await berth.api('create_reservation', { reservation: { gpus: 4, start: `${date(1)}T09:00:00Z`, length: '2h', note: 'class' } });
    await page.goto('/timeline');
    await page.getByRole('link', { name: 'Calendar' }).click();
    await expect(page.locator('.week-day')).toHaveCount(7);
    await page.getByRole('link', { name: 'The week after' }).click();
    await expect(page).toHaveURL(new RegExp(`from=${date(0)}`));
    await expect(page.locator('.week-day').nth(1).locator('.week-block')).toContainText('09:00 to 11:00');
    await page.locator('[data-slot="2-13"]').click();
    const form = page.getByRole('form', { name: 'Reserve GPUs' });
    await expect(form.getByLabel('From', { exact: true })).toHaveValue(`${date(2)}T13:00`);
    await form.getByRole('button', { name: 'Reserve' }).click();
    // It stays what is looked at.
    await expect(page).toHaveURL(/view=week/);
    await expect(page.locator('.week-block')).toHaveCount(2);
  });
});
