// Projects: what whoever looks may use, who is in which, and who may change that.

import type { Browser, Page } from '@playwright/test';

import { violations } from './axe';
import { Berth, expect, hydrated, test } from './server';

test.describe('projects', () => {
  let berth: Berth;
  test.beforeAll(async () => {
    berth = await Berth.start({ simulate: '1x2' });
    for (const name of ['ana', 'ben', 'vera']) berth.addUser(name);
    await berth.api('set_role', { name: 'vera', role: 'viewer' });
  });

  test.afterAll(async () => berth?.stop());

  test.beforeEach(async ({ complaints }) => {
    expect(complaints.all).toEqual([]);
    const { projects } = await berth.api('list_projects');
    for (const project of projects.filter((one: { set_up: boolean }) => one.set_up)) {
      await berth.api('remove_project', { name: project.name });
    }
  });

  /** Somebody else's browser. */
  const of = async (browser: Browser, name: string): Promise<Page> => {
    const { link } = await berth.api('login_link', { name });
    const page = await (await browser.newContext({ baseURL: berth.url })).newPage();
    await page.goto(link);
    await page.goto('/projects');
    await hydrated(page);
    return page;
  };

  test('an admin sets one up, closes it, says who leads it, and makes it a word again', async ({ page }) => {
    await berth.logIn(page);
    await page.goto(`${berth.url}/projects`);
    await hydrated(page);
    await expect(page.getByText('None is set up.')).toBeVisible();
    await page.getByText('Set up a project').click();
    await page.getByLabel('Name', { exact: true }).fill('vision');
    await page.getByLabel('What it is about').fill('the paper for May');
    await page.getByLabel('Only its members run jobs in it').check();
    await page.getByRole('button', { name: 'Set up', exact: true }).click();
    const vision = page.getByRole('article', { name: 'vision' });
    await expect(vision).toContainText('closed');
    await expect(vision).toContainText('the paper for May');
    const job = { command: ['true'], hold: true, project: 'vision' };
    await expect(berth.api('submit_job', job, berth.addUser('ana'))).rejects.toThrow('403');
    await vision.getByLabel('Another member').fill('ana');
    await vision.getByLabel('As').selectOption('lead');
    await vision.getByRole('button', { name: 'Add to it' }).click();
    await expect(vision.getByRole('listitem')).toContainText('lead');
    await berth.api('submit_job', job, berth.addUser('ana'));
    expect(await violations(page)).toEqual([]);
    await vision.getByRole('button', { name: 'Drop ana from vision' }).click();
    await expect(vision.getByRole('listitem')).toHaveCount(0);
    await expect(vision).toContainText('Nobody is in it yet.');
    await vision.getByText('Change').click();
    await vision.getByRole('button', { name: 'Make it a word again' }).click();
    await expect(page.getByText('None is set up.')).toBeVisible();
  });

  test('whoever leads one says who is in it; others only look', async ({ browser }) => {
    await berth.api('set_project', { name: 'vision' });
    await berth.api('set_member', { project: 'vision', user: 'ana', role: 'lead' });
    await berth.api('set_project', { name: 'audio' });
    const page = await of(browser, 'ana');
    const vision = page.getByRole('article', { name: 'vision' });
    await vision.getByLabel('Another member').fill('nobody');
    await vision.getByRole('button', { name: 'Add to it' }).click();
    await expect(page.getByRole('alert')).toContainText('There is no user of that name');
    await vision.getByLabel('Another member').fill('ben');
    await vision.getByRole('button', { name: 'Add to it' }).click();
    await expect(vision.getByRole('listitem')).toHaveCount(2);
    await vision.getByText('Change').click();
    await expect(vision.getByRole('button', { name: 'Make it a word again' })).toHaveCount(0);
    await vision.getByLabel('What it is about').fill('by its lead');
    await vision.getByRole('button', { name: 'Save' }).click();
    await expect(vision).toContainText('by its lead');
    // Of another she sees who is in it, and no more.
    await expect(page.getByRole('article', { name: 'audio' }).getByRole('button')).toHaveCount(0);
    await expect(page.getByText('Set up a project')).toHaveCount(0);
    await page.context().close();

    const others = await of(browser, 'vera');
    await expect(others.getByRole('article', { name: 'vision' })).toContainText('ben');
    await expect(others.getByRole('main').getByRole('button')).toHaveCount(0);
    expect(await violations(others)).toEqual([]);
    await others.context().close();
  });

  test('everybody sees what they may use, and what is used', async ({ browser }) => {
    await berth.api('set_quota', { every: 'user', gpus: 2 });
    await berth.api('set_quota', { user: 'ana', gpu_hours: 300, period: 'month', hard: true });
    await berth.api('set_quota', { project: 'align', gpu_hours: 0, period: 'day' });
    const token = berth.addUser('ana');
    await berth.submit('sleep 600', { gpus: 1, time_limit: '2h', project: 'align' }, token);
    const page = await of(browser, 'ana');
    const you = page.getByRole('region', { name: 'What you may use' });
    await expect(you).toContainText('1 of 2, soft');
    await expect(you).toContainText('of 300 a month, hard');
    const align = page.getByRole('article', { name: 'align' });
    await expect(align).toContainText('1 job, 1 GPU now');
    await expect(align).toContainText('of 0 a day, soft');
    await expect(align).toContainText('used up, until');
    await page.context().close();
    const ben = await of(browser, 'ben');
    await expect(ben.getByRole('region', { name: 'What you may use' })).toContainText('no limit');
    await ben.context().close();
    await berth.cancelAll();
  });
});
