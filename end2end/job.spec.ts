// The job page: its log by its parts, what its GPUs did, its attempts, its files, and what may be
// changed of it.

import type { Locator, Page } from '@playwright/test';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { violations } from './axe';
import { type Berth, expect, hydrated, test } from './server';

test.beforeEach(async ({ page, berth }) => {
  await berth.cancelAll();
  await berth.logIn(page);
});

async function finished(berth: Berth, id: number): Promise<void> {
  await expect.poll(async () => (await berth.api(`get_job?id=${id}`)).job.state, { timeout: 120_000 }).toBe('Finished');
}

/** The line of the log that says just this, whatever its number. */
function line(page: Page, text: string): Locator {
  return page.locator('.log-line').filter({ hasText: new RegExp(`^\\D?\\d*${text}\\s*$`) });
}

test('a log is followed, left and gone back to', async ({ page, berth, complaints }) => {
  const go = join(berth.dataDir, 'go-follow');
  const id = await berth.submit(`i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "line $i"; done; while ! test -e ${go}; do sleep 0.05; done; echo the last words; sleep 300`);
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  const log = page.getByRole('log');
  const follow = page.getByRole('button', { name: 'Follow', exact: true });
  await expect(line(page, 'line 300')).toBeInViewport();
  await expect(follow).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('l');
  await expect(log).toBeFocused();
  await page.keyboard.press('Home');
  await expect(line(page, 'line 1')).toBeInViewport();
  await expect(follow).toHaveAttribute('aria-pressed', 'false');
  berth.touch('go-follow');
  await expect(log).toContainText('the last words');
  // What is written elsewhere does not move what is read.
  await expect(line(page, 'line 1')).toBeInViewport();
  await page.keyboard.press('End');
  await expect(log.getByText('the last words')).toBeInViewport();
  await expect(follow).toHaveAttribute('aria-pressed', 'true');
  expect(complaints.all).toEqual([]);
});

test('who looks for something is not thrown back to the end by the line that came just before', async ({ page, berth }) => {
  const id = await berth.submit('i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "line $i"; done; sleep 300');
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  await expect(line(page, 'line 300')).toBeInViewport();
  // A browser tells in the next frame that it scrolled to that line: after the key, and before what the key does.
  await page.evaluate(() => {
    const field = document.querySelector<HTMLInputElement>('.log-search input')!;
    field.value = 'line 12';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    document.querySelector('[role=log]')!.dispatchEvent(new Event('scroll'));
  });
  await expect(page.locator('.log-here')).toBeInViewport();
  await expect(page.getByRole('button', { name: 'Follow', exact: true })).toHaveAttribute('aria-pressed', 'false');
});

test('colours are shown, markup is not obeyed, and progress bars are one line', async ({ page, berth }) => {
  const lines = [
    String.raw`\033[31mred\033[0m \033[1;4mloud\033[0m \033[38;5;208morange\033[0m \033[38;2;10;200;30mgreen\033[0m plain\n`,
    String.raw`<b id=evil>bold</b>\n`,
    String.raw`\033[32m10%%\r20%%\r\033[0m100%% done\n`,
    String.raw`2026-11-24 12:00:00 with a time\n`,
  ];
  const id = await berth.submit(`printf '${lines.join('')}'; printf 'half'; sleep 0.5; printf '\\rwhole\\n'`);
  await finished(berth, id);
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  const log = page.getByRole('log');
  await expect(log.getByText('red', { exact: true })).toHaveAttribute('style', '--text:var(--ansi-1);');
  await expect(log.getByText('loud')).toHaveClass(/ansi-bold ansi-underline/);
  await expect(log.getByText('orange')).toHaveAttribute('style', '--text:rgb(255 135 0);');
  await expect(log.getByText('green')).toHaveAttribute('style', '--text:rgb(10 200 30);');
  await expect(log.locator('#evil')).toHaveCount(0);
  await expect(log).toContainText('<b id=evil>bold</b>');
  await expect(log.locator('.log-line').nth(2)).toHaveText(/^3100% done\s*$/);
  await expect(log.locator('.log-line').nth(4)).toHaveText(/^5whole\s*$/);
  await expect(log.getByText('2026-11-24 12:00:00')).toBeVisible();
  await page.getByRole('button', { name: 'Times' }).click();
  await expect(log.getByText('2026-11-24 12:00:00')).toBeHidden();
  expect(await violations(page)).toEqual([]);
});

test('a line and a range of lines have an address', async ({ page, berth }) => {
  const id = await berth.submit('seq -f "number %g" 1 20000');
  await finished(berth, id);
  await page.goto(`/jobs/${id}?line=9000-9002`);
  await hydrated(page);
  const log = page.getByRole('log');
  await expect(line(page, 'number 9000')).toBeInViewport();
  await expect(page.locator('.log-marked')).toHaveCount(3);
  await expect(page.locator('.log-marked').first()).toHaveText(/^9000number 9000\s*$/);
  await page.getByLabel('Line', { exact: true }).fill('120');
  await page.getByLabel('Line', { exact: true }).press('Enter');
  await expect(page).toHaveURL(/line=120$/);
  await expect(line(page, 'number 120')).toBeInViewport();
  const number = (line: number) => log.locator('.log-line', { hasText: new RegExp(`number ${line}\\s*$`) }).locator('.log-number');
  await number(122).click();
  await expect(page).toHaveURL(/line=122$/);
  await number(125).click({ modifiers: ['Shift'] });
  await expect(page).toHaveURL(/line=122-125$/);
  await expect(page.locator('.log-marked')).toHaveCount(4);
});

// BERTH_LOG_LINES=10000000 makes it a gigabyte.
test('a long log stays smooth, and is searched to its ends', async ({ page, berth }) => {
  test.setTimeout(400_000);
  const lines = Number(process.env.BERTH_LOG_LINES ?? 400_000);
  const middle = lines / 2;
  const step = (line: number) => `step ${String(line).padStart(9, '0')}`;
  const id = await berth.submit(`seq -f "step %09.0f ................................................ loss 0.5 of this step and more words" 1 ${lines} | sed -e '${middle}s/loss/NEEDLE/' -e '5s/loss/NEEDLE/'`);
  await finished(berth, id);
  const { total } = await berth.api(`job_log?id=${id}&limit=1`);
  expect(total).toBeGreaterThan(lines * 95);
  await page.addInitScript(() => {
    const long: number[] = [];
    (window as unknown as { long: number[] }).long = long;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => long.push(entry.duration))).observe({ type: 'longtask' });
  });
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  const log = page.getByRole('log');
  await expect(log.getByText(step(lines))).toBeInViewport();
  // The number of the last line is counted on the server.
  await expect(log.locator('.log-number').last()).toHaveText(String(lines));
  // Reading backwards goes on and on, a piece at a time, and the page stays small. Asked from within: each
  // question of a test has a picture taken of thousands of lines.
  const first = () => log.evaluate((log) => Number(log.querySelector('.log-number')?.textContent));
  const firsts = await log.evaluate(async (log) => {
    const first = () => Number(log.querySelector('.log-number')?.textContent);
    const firsts = [first()];
    for (let round = 0; round < 20; round += 1) {
      while (first() === firsts[round]) {
        log.scrollTop = 0;
        await new Promise((done) => requestAnimationFrame(done));
      }
      firsts.push(first());
    }
    return firsts;
  });
  for (const [round, before] of firsts.slice(0, -1).entries()) {
    expect(firsts[round + 1]).toBeLessThan(before);
    expect(firsts[round + 1], 'no further than it was scrolled').toBeGreaterThan(before - 3000);
  }
  expect(await log.locator('.log-line').count()).toBeLessThanOrEqual(3000);
  await page.getByLabel('Search the log').fill('needle');
  await expect(page.locator('.log-found')).toHaveText('1 of 2');
  await expect(page.locator('.log-here')).toHaveText(/^5step 000000005/);
  await expect(page.locator('.log-here')).toBeInViewport();
  await page.getByRole('button', { name: 'Next hit' }).click();
  await expect(page.locator('.log-here')).toHaveText(new RegExp(`^${middle}${step(middle)}`));
  await expect(page.locator('.log-here')).toBeInViewport();
  await page.getByLabel('Search the log').fill('');
  await page.getByRole('button', { name: 'To the start of the log' }).click();
  await expect(log.getByText('step 000000001 ')).toBeInViewport();
  await page.getByLabel('Place in the log').fill('500');
  await expect.poll(async () => Math.abs((await first()) - middle)).toBeLessThan(lines / 100);
  await page.getByRole('button', { name: 'To the end of the log' }).click();
  await expect(log.getByText(step(lines))).toBeInViewport();
  const long = await page.evaluate(() => (window as unknown as { long: number[] }).long);
  console.log(`long tasks: ${long.length}, the longest ${Math.max(0, ...long)} ms`);
});

test('what its GPUs did is drawn, read by keys, and said in words', async ({ page, berth }) => {
  const id = await berth.submit('sleep 300', { gpus: 2, name: 'drawn' });
  await expect.poll(async () => (await berth.api(`job_charts?id=${id}`))?.series?.length ?? 0).toBeGreaterThan(3);
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  for (const name of ['Allocated', 'Busy', 'Memory', 'Power', 'Temperature']) {
    await expect(page.locator(`[data-chart=${name}] .chart-mean`)).toHaveAttribute('d', /^M/);
  }
  await expect(page.locator('[data-efficiency]')).toHaveText(/^Held 2 GPUs for .*(busy|observed|judge)/);
  const busy = page.getByRole('slider', { name: /^Busy/ });
  await busy.focus();
  await page.keyboard.press('Home');
  await expect(busy).toHaveAttribute('aria-valuenow', '0');
  await expect(page.locator('.chart-cursor')).toHaveCount(await page.locator('.chart-plot').count());
  await expect(page.locator('.charts-read')).toContainText(/\d\d:\d\d:\d\d/);
  await page.getByText('As a table').click();
  await expect(page.locator('.charts-numbers tbody tr').first()).toBeVisible();
  const { job } = await berth.api(`get_job?id=${id}`);
  const gpu = `${job.lease[0].node}:${job.lease[0].gpus[1]}`;
  await page.getByRole('link', { name: gpu, exact: true }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get('gpu')).toBe(gpu);
  await expect(page.getByRole('link', { name: gpu, exact: true })).toHaveAttribute('aria-current', 'true');
  await expect(page.locator('[data-chart=Allocated] .chart-value b')).toHaveText('1');
  await expect(page.getByRole('heading', { name: 'Processes on its GPUs' })).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test('attempts are beside each other, each with its log', async ({ page, berth }) => {
  const go = join(berth.dataDir, 'go-again');
  const id = await berth.submit(`echo attempt $BERTH_ATTEMPT; test -e ${go} || sleep 300`, { gpus: 1 });
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  await expect(page.getByRole('log')).toContainText('attempt 1');
  berth.touch('go-again');
  await page.getByRole('button', { name: `Requeue job ${id}` }).click();
  await page.getByRole('button', { name: 'Requeue the job' }).click();
  await expect(page.locator('[data-attempt="2"]')).toBeVisible();
  await expect(page.locator('[data-attempt="1"]')).toContainText('Requeued by');
  await expect(page.getByRole('log')).toContainText('attempt 2');
  await page.getByRole('link', { name: 'Attempt 1' }).click();
  await expect(page.getByRole('log')).toContainText('attempt 1');
  await expect(page.getByRole('log')).not.toContainText('attempt 2');
  expect(await violations(page)).toEqual([]);
});

test('files are listed, read and downloaded, and only those inside', async ({ page, berth, complaints }) => {
  const id = await berth.submit('cd "$BERTH_RUN_DIR"; mkdir ckpt; echo "{\\"loss\\": 1}" > ckpt/metrics.json; head -c 5000 /dev/zero > model.bin; ln -s /etc/passwd out; ln -s ckpt latest');
  await finished(berth, id);
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  const files = page.getByRole('region', { name: 'Files' });
  await expect(files.getByRole('listitem')).toHaveCount(4);
  await expect(files.getByRole('listitem').filter({ hasText: 'model.bin' })).toContainText('4.8 KiB');
  await expect(files.getByRole('listitem').filter({ hasText: 'out' })).toContainText('leads out');
  await files.getByRole('link', { name: 'latest' }).click();
  await files.getByRole('link', { name: 'metrics.json', exact: true }).click();
  await expect(page).toHaveURL(/files=latest/);
  await expect(files.locator('.file-text')).toContainText('"loss": 1');
  const [download] = await Promise.all([page.waitForEvent('download'), files.getByRole('link', { name: 'Download metrics.json' }).click()]);
  expect(download.suggestedFilename()).toBe('metrics.json');
  expect(await violations(page)).toEqual([]);
  // Deep: the same without a click; and nothing outside, for nobody, and nothing for others.
  await page.goto(`/jobs/${id}?files=out`);
  await hydrated(page);
  await expect(files).toContainText('leads out of the folder');
  const raw = async (path: string, token = berth.token) =>
    (await fetch(`${berth.url}/api/job_files/raw?id=${id}&path=${encodeURIComponent(path)}`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await raw('ckpt/metrics.json')).toBe(200);
  expect(await raw('out')).toBe(403);
  expect(await raw('../../../../../../etc/passwd')).toBe(403);
  expect(await raw('ckpt/metrics.json', berth.addUser('files-bo'))).toBe(403);
  complaints.expected('403');
});

test('it is copied as a command that submits the same, and changed in place', async ({ page, berth, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const fields = { gpus: 1, name: "it's a name", time_limit: '90m', env: { A: 'b c' }, hold: true };
  const id = await berth.submit('echo "$A" | wc -c', fields);
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  await page.getByRole('button', { name: 'Copy as a command' }).click();
  const line = await page.evaluate(() => navigator.clipboard.readText());
  expect(line).toMatch(/^berth submit -g 1 -t 1h30m -J/);
  // The shell reads it as it was meant.
  writeFileSync(join(berth.dataDir, 'again.sh'), line.replace('berth submit', 'set --') + '\nfor word; do echo "$word"; done\n');
  const { execFileSync } = await import('node:child_process');
  const words = execFileSync('sh', [join(berth.dataDir, 'again.sh')], { encoding: 'utf8' }).trim().split('\n');
  expect(words).toContain("it's a name");
  expect(words).toContain('A=b c');
  await page.getByText('Change', { exact: true }).click();
  await page.getByLabel('Time limit', { exact: true }).fill('2h');
  await page.getByLabel('Class').selectOption('high');
  await page.getByRole('button', { name: 'Change it' }).click();
  await expect(page.locator('.spec')).toContainText('2h');
  await expect(page.locator('.spec')).toContainText('high');
  await page.getByLabel('Time limit', { exact: true }).fill('soon');
  await page.getByRole('button', { name: 'Change it' }).click();
  await expect(page.getByRole('status').or(page.getByRole('alert')).filter({ hasText: 'soon' }).first()).toBeVisible();
  expect(await violations(page)).toEqual([]);
});

test('why it waited is told, each reason with its time', async ({ page, berth }) => {
  const all = await berth.submit('sleep 300', { gpus: 8, nodes: 2 });
  await expect.poll(async () => (await berth.api(`get_job?id=${all}`)).job.state).toBe('Running');
  const id = await berth.submit('true', { gpus: 1 });
  // Longer than what counts as a wait.
  await expect.poll(async () => (await berth.api(`job_waits?id=${id}`)).waits.length).toBeGreaterThan(0);
  await page.goto(`/jobs/${id}`);
  await hydrated(page);
  await page.getByRole('button', { name: 'Why it waited' }).click();
  await expect(page.locator('.waits-list')).toContainText('Resources');
  await page.keyboard.press('x');
  await expect(page.getByRole('dialog')).toContainText(`Cancel job ${id}`);
});
