// Lighthouse on the pages that people keep open, logged in, as a desktop and the dashboard also as a
// phone on a slow network. `make bench` runs it. Accessibility and best practices are asserted;
// performance is told, since it is of the machine too.

import { chromium, type BrowserContext } from '@playwright/test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Berth, expect, freePort, test } from './server';

const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;

type Score = Record<(typeof CATEGORIES)[number], number> & { faults: string[]; paint: string; blocked: string; weight: string };

test('lighthouse', async ({}, info) => {
  test.setTimeout(600_000);
  const berth = await Berth.start();
  const folder = mkdtempSync(join(tmpdir(), 'berth-lighthouse-'));
  const port = await freePort();
  let context: BrowserContext | undefined;
  try {
    const job = await aMorning(berth);
    // Its own profile: what is logged in there is also what Lighthouse's own tabs are.
    const { executablePath, args = [] } = info.project.use.launchOptions ?? {};
    context = await chromium.launchPersistentContext(folder, { executablePath, args: [...args, `--remote-debugging-port=${port}`] });
    const page = await context.newPage();
    await page.goto(berth.loginLink);
    await expect(page).not.toHaveURL(/\/login/);
    await page.close();

    const pages = ['/', '/jobs?user=all', `/jobs/${job}`, '/queue', '/timeline', '/history', '/cluster', '/alerts', '/admin', '/submit'];
    const looks = [...pages.map((path) => ({ path, desktop: true })), { path: '/', desktop: false }];
    const lines = [];
    for (const { path, desktop } of looks) {
      await test.step(path, async () => {
        const score = await judged(`${berth.url}${path}`, port, desktop);
        const name = path.replace(/\/\d+$/, '/ID') + (desktop ? '' : ', phone');
        lines.push(
          [name.padEnd(18), ...CATEGORIES.map((category) => String(score[category]).padStart(5)), score.paint.padStart(9), score.blocked.padStart(9), score.weight.padStart(12)].join(' '),
        );
        for (const fault of score.faults) lines.push(`    ${fault}`);
        expect.soft(score.accessibility, `${name}: accessibility\n${score.faults.join('\n')}`).toBe(100);
        expect.soft(score['best-practices'], `${name}: best practices\n${score.faults.join('\n')}`).toBeGreaterThanOrEqual(95);
      });
    }
    console.log(`page                perf  a11y  best  painted   blocked       weight\n${lines.join('\n')}`);
  } finally {
    await context?.close();
    await berth.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
});

/** Some jobs that run, wait and ended; returns one that runs. */
async function aMorning(berth: Berth): Promise<number> {
  const running = await berth.submit('i=0; while true; do i=$((i+1)); echo "step $i"; sleep 1; done', { gpus: 8, name: 'trains', time_limit: '2h' });
  await berth.submit('sleep 600', { gpus: 8, name: 'sweep' });
  await berth.submit('true', { gpus: 16, name: 'gang', time_limit: '1h' });
  await berth.submit('true', { gpus: 1, name: 'folds', array: '0-9' });
  await berth.submit('true', { hold: true, name: 'held' });
  return running;
}

/** Lighthouse's scores of a page, 0 to 100, and what it holds against it. */
async function judged(url: string, port: number, desktop: boolean): Promise<Score> {
  // It is a module of the newer kind only.
  const { default: lighthouse, desktopConfig } = await import('lighthouse');
  const flags = { port, onlyCategories: [...CATEGORIES], logLevel: 'error' as const };
  const result = await lighthouse(url, flags, desktop ? desktopConfig : undefined);
  if (!result) throw new Error(`Lighthouse says nothing of ${url}`);
  const { audits, categories, runtimeError } = result.lhr;
  if (runtimeError) throw new Error(`${url}: ${runtimeError.message}`);
  const percent = (category: string) => Math.round((categories[category].score ?? 0) * 100);
  const counted = ['accessibility', 'best-practices'].flatMap((category) => categories[category].auditRefs).filter((ref) => ref.weight > 0);
  const faults = counted
    .map((ref) => audits[ref.id])
    .filter(({ score, scoreDisplayMode }) => score !== null && score < 1 && scoreDisplayMode !== 'informative')
    .map(({ id, title, details }) => `${id}: ${title} ${JSON.stringify(details ?? {}).slice(0, 600)}`);
  return {
    performance: percent('performance'),
    accessibility: percent('accessibility'),
    'best-practices': percent('best-practices'),
    faults,
    paint: audits['largest-contentful-paint'].displayValue ?? '—',
    blocked: audits['total-blocking-time'].displayValue ?? '—',
    weight: `${Math.round((audits['total-byte-weight'].numericValue ?? 0) / 1024)} KiB`,
  };
}
