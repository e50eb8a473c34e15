// The styleguide: every component is there, in both themes and on a phone, and none does anything.

import AxeBuilder from '@axe-core/playwright';

import { expect, hydrated, test } from './server';

// None are expected of these pages.
test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

test.beforeEach(async ({ page, berth }) => {
  await berth.logIn(page);
});

// A mark of each component that has one, and how many are there at least.
const components: Record<string, number> = {
  '.button-main': 2,
  '.button-bad': 2,
  '.button:disabled': 5,
  '.button-toggle[aria-pressed="true"]': 1,
  '.copy-line': 2,
  '.dialog[role="group"]': 1,
  '.field': 6,
  '.field-bad [aria-invalid="true"]': 2,
  '.segments': 1,
  '.check': 1,
  '.notice-bad': 1,
  '.banner-bad': 1,
  '.empty': 2,
  '.problem': 1,
  '.badge-run': 3,
  '.badge-wait': 1,
  '.badge-ok': 1,
  '.badge-bad': 3,
  '.badge-warn': 2,
  '.badge-idle': 2,
  '.link-live': 1,
  '.link-offline': 1,
  '.owner': 3,
  '.squares': 5,
  time: 4,
  '.start-range': 1,
  '.free-list li': 4,
  '.node': 3,
  '.node-absent': 1,
  '.tile': 12,
  '.tile-free': 4,
  '.jobs tr[data-job]': 13,
  '.jobs tr[data-array]': 1,
  '.line': 9,
  '.tasks': 2,
  '.change': 1,
  '.lease-tiles .held': 2,
  '.timeline .event': 4,
  '.alert': 5,
  '.alert-answers': 4,
  '.decision': 3,
  '.ledger-line': 9,
  '.effects': 1,
  '.figures': 1,
  '.guide-swatch': 80,
};

test('every component is there, in every state of a job', async ({ page, berth }) => {
  const answer = await page.goto('/styleguide');
  // The problem that is shown is not the page's.
  expect(answer?.status()).toBe(200);
  await hydrated(page);
  for (const [mark, least] of Object.entries(components)) {
    expect(await page.locator(`.guide ${mark}`).count(), mark).toBeGreaterThanOrEqual(least);
  }
  const words = ['Held', 'Queued', 'Starting', 'Running', 'Stopping', 'Succeeded', 'Failed', 'Out of memory', 'Timed out', 'Cancelled', 'Not launched', 'Lost'];
  for (const word of words) await expect(page.locator('.guide .jobs .badge', { hasText: word }).first()).toBeVisible();
  for (const severity of ['info', 'warning', 'critical', 'answered', 'over']) {
    await expect(page.locator('.guide .alert .badge', { hasText: severity }).first()).toBeVisible();
  }
  // The header is that of the real cluster.
  await expect(page.locator('.header-cluster')).toContainText('/16 allocated');
  // Its buttons send nothing.
  const sent: string[] = [];
  page.on('request', (request) => sent.push(request.url()));
  const row = page.locator('.guide .jobs tr', { hasText: 'ablation-7' });
  await row.getByRole('button', { name: /^Hold job/ }).click();
  await row.getByRole('button', { name: /^Cancel job/ }).click();
  await page.locator('.guide .alert').first().getByRole('button', { name: 'Stop it' }).click();
  await row.getByRole('link', { name: /^Job/ }).click();
  await expect(page).toHaveURL(/\/styleguide$/);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(sent.filter((url) => url.startsWith(`${berth.url}/`))).toEqual([]);
});

test('dialogs and messages are opened from it', async ({ page }) => {
  await page.goto('/styleguide');
  await hydrated(page);
  await page.getByRole('button', { name: 'Ask a question' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
  await page.getByRole('button', { name: 'Tell the keys' }).click();
  await expect(page.getByRole('dialog', { name: 'Keys' })).toContainText('Next and previous row');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Say something' }).click();
  await expect(page.locator('.frame > .notices')).toContainText('is queued');
  await page.getByRole('group', { name: 'Theme' }).getByRole('button', { name: 'dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

for (const theme of ['light', 'dark'] as const) {
  test(`nothing is wrong with it for assistive technology, ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.goto('/styleguide');
    await hydrated(page);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join('\n')}`)).toEqual([]);
  });
}

test('it is no wider than a phone, nor than a wide window, and is there without script', async ({ page, browser, berth }) => {
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  for (const width of [390, 820, 1440, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto('/styleguide');
    await hydrated(page);
    expect(await overflow(), `${width} px`).toBeLessThanOrEqual(0);
  }
  const storageState = await page.context().storageState();
  const plain = await browser.newContext({ baseURL: berth.url, storageState, javaScriptEnabled: false });
  const without = await plain.newPage();
  await without.goto('/styleguide');
  await expect(without.locator('.guide .tile')).toHaveCount(12);
  await expect(without.locator('.guide-swatch').first()).toBeVisible();
  await plain.close();
});

test('pictures of the styleguide', async ({ page }) => {
  test.skip(!process.env.BERTH_SHOTS, 'only where pictures are wanted');
  const looks = { light: 1440, dark: 1440, phone: 390 } as const;
  for (const [look, width] of Object.entries(looks)) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme: look === 'dark' ? 'dark' : 'light', reducedMotion: 'reduce' });
    await page.goto('/styleguide');
    await hydrated(page);
    await page.screenshot({ path: `shots/styleguide-${look}.png`, fullPage: true });
  }
});
