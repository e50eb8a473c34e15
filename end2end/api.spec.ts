// The API for people and for other tools: a page that is read without script, and the document below it.

import { violations } from './axe';
import { expect, hydrated, test } from './server';

test.beforeEach(async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
});

test('what programs ask is read without logging in, and found from one\'s tokens', async ({ page, berth, complaints }) => {
  await page.goto('/docs/api');
  await expect(page.getByRole('heading', { level: 1, name: 'API' })).toBeVisible();
  await page.getByRole('navigation', { name: 'Contents' }).getByRole('link', { name: 'submit_job', exact: true }).click();
  await expect(page).toHaveURL(/#submit_job$/);
  const submit = page.getByRole('article', { name: '/api/submit_job' });
  await expect(submit).toBeInViewport();
  await expect(submit.getByRole('row', { name: /^time_limit/ })).toContainText('6h');
  await submit.getByRole('link', { name: 'JobAnswer' }).click();
  await expect(page.locator('#type-JobAnswer')).toBeInViewport();
  const found = await page.request.get('/api/openapi.json');
  expect((await found.json()).openapi).toBe('3.1.0');

  await berth.logIn(page);
  await page.goto('/settings');
  await hydrated(page);
  await page.getByRole('link', { name: 'How programs ask' }).click();
  await expect(page).toHaveURL(/\/docs\/api$/);
  expect(complaints.all).toEqual([]);
});

test('the theme that was chosen is kept', async ({ page, complaints }) => {
  await page.goto('/docs/api');
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.evaluate(() => localStorage.setItem('berth-theme', 'dark'));
  await page.reload();
  expect(await background()).not.toBe(light);
  expect(complaints.all).toEqual([]);
});

test('axe finds nothing, and no phone is too narrow', async ({ page, complaints }) => {
  for (const [width, scheme] of [[1440, 'light'], [390, 'dark']] as const) {
    await page.setViewportSize({ width, height: 844 });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.goto('/docs/api');
    expect(await page.evaluate(() => document.documentElement.scrollWidth), `${width}`).toBe(width);
    // All articles are written by the same code, and with all of them axe would take half a minute.
    await page.evaluate(() => document.querySelectorAll('article').forEach((article, place) => place % 10 === 0 || article.remove()));
    expect(await violations(page), `${width} ${scheme}`).toEqual([]);
  }
  expect(complaints.all).toEqual([]);
});
