// The sheet in which GPUs were booked: chosen, pasted or dropped, matched, looked at, and imported, by mouse
// and by keys; and what others see in its place.

import type { Page } from '@playwright/test';

import { Berth, expect, hydrated, test } from './server';

const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const panel = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

const SHEET = [
  'Alpha,GPU(s),Start,End,What for',
  `Ana Müller,node-1:0-3,${day(20)} 08:00,${day(20)} 20:00,training`,
  `bo,node-1:4,${day(21)},${day(22)},`,
  `kim,node-1:0,${day(20)} 09:00,${day(20)} 10:00,does not fit`,
  `bo & kim,node-1:7,${day(20)},${day(20)},`,
  'Total,6,,,',
].join('\n');

test.describe('import', () => {
  let berth: Berth;
  test.beforeAll(async () => {
    berth = await Berth.start({ simulate: '2x8' });
    berth.addUser('bo');
  });

  test.afterAll(async () => berth?.stop());

  // None are expected of this page.
  test.beforeEach(({ complaints }) => expect(complaints.all).toEqual([]));

  const open = async (page: Page) => {
    await berth.logIn(page);
    await page.goto(`${berth.url}/admin/import`);
    await hydrated(page);
  };

  test('a file is matched, looked at and imported, and the second time nothing is new', async ({ page }) => {
    await berth.logIn(page);
    await page.goto(`${berth.url}/admin`);
    await hydrated(page);
    await page.getByRole('link', { name: 'Import bookings' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'From a spreadsheet' })).toBeVisible();
    await expect(panel(page, 'The file')).toContainText('A row is a booking');

    const choose = page.getByLabel('Choose a CSV file');
    await choose.setInputFiles({ name: 'bookings.csv', mimeType: 'text/csv', buffer: Buffer.from(SHEET) });
    await expect(panel(page, 'The file')).toContainText('This is bookings.csv.');

    // Who booked is asked for, and said.
    const how = panel(page, 'How it is read');
    await expect(how.locator('.banner-warn')).toContainText('No column says who booked');
    const who = how.getByLabel('What Alpha says');
    await expect(who).toHaveValue('');
    await expect(how.getByLabel('What GPU(s) says')).toHaveValue('gpus');
    await who.selectOption('who');
    await expect(how.locator('.banner-warn')).toHaveCount(0);
    await expect(who).toHaveValue('who');

    const rows = panel(page, 'What becomes of each row');
    await expect(rows.locator('.import-counts')).toHaveText('2 new, 1 conflict, 1 refused, 2 skipped.');
    await expect(rows.locator('[data-line="2"]')).toContainText('new');
    await expect(rows.locator('[data-line="2"]')).toContainText('ana.mueller');
    await expect(rows.locator('[data-line="4"]')).toContainText('Line 2 books node-1:0,1,2,3 for ana.mueller too');
    await expect(rows.locator('[data-line="5"]')).toContainText('names more than one person');
    await expect(rows.locator('.import-people')).toContainText('ana.mueller');
    await expect(rows.locator('[data-line="6"]')).toBeHidden();
    await rows.getByText('2 rows are skipped').click();
    await expect(rows.locator('[data-line="6"]')).toContainText('It is a sum.');

    await rows.getByRole('button', { name: 'Make 2 reservations and add 1 person' }).click();
    await expect(rows.getByRole('status')).toContainText('2 reservations are made.');
    await expect(rows.locator('.import-people code')).toContainText('/login/once/');
    await expect.poll(async () => (await berth.api('list_reservations')).reservations.length).toBe(2);

    await choose.setInputFiles({ name: 'bookings.csv', mimeType: 'text/csv', buffer: Buffer.from(SHEET) });
    await who.selectOption('who');
    await expect(rows.locator('.import-counts')).toHaveText('2 already there, 1 conflict, 1 refused, 2 skipped.');
    await expect(rows.getByRole('button', { name: 'Nothing new to import' })).toBeDisabled();
  });

  test('rows are pasted by keys', async ({ page }) => {
    await open(page);
    await page.getByText('Or paste the rows').focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('The rows, with their headings').fill('Who,GPUs,From,Until\nbo,node-2:0,01/02/2027,01/02/2027\nbo,node-2:1,03/04/2027,03/04/2027');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const how = panel(page, 'How it is read');
    await expect(how.locator('.banner-warn')).toContainText('2 rows have dates that can be read in two ways.');
    const dates = how.getByLabel('In dates comes first');
    await dates.focus();
    await dates.selectOption('dmy');
    await expect(how.locator('.banner-warn')).toHaveCount(0);
    // What was used keeps the focus.
    await expect(dates).toBeFocused();
  });

  test('a file that is none says what to do', async ({ page, complaints }) => {
    await open(page);
    const choose = page.getByLabel('Choose a CSV file');
    await choose.setInputFiles({ name: 'bookings.xlsx', mimeType: 'application/octet-stream', buffer: Buffer.from('PK\u0003\u0004 and so on') });
    await expect(page.getByRole('alert')).toContainText('This is a workbook and not CSV');
    await choose.setInputFiles({ name: 'large.csv', mimeType: 'text/csv', buffer: Buffer.alloc(1024 * 1024 + 1, 'a') });
    await expect(page.getByRole('alert')).toContainText('larger than 1 MiB');
    complaints.expected('400');
  });

  test('is for admins', async ({ page, complaints }) => {
    const token = berth.addUser('kim');
    await page.goto(`${berth.url}/login`);
    await page.getByLabel('Or paste a token').fill(token);
    await page.getByRole('button', { name: 'Use the token' }).click();
    await expect(page).not.toHaveURL(/login/);
    await page.goto(`${berth.url}/admin/import`);
    await expect(page.getByRole('heading', { name: 'This page is for admins' })).toBeVisible();
    complaints.expected('403');
  });
});
