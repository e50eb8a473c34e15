// axe-core on every page, dialog, menu and popover, each opened by keys: nothing at all, in light, in
// dark and on a phone. A page or a dialog that is new gets a line in the table.

import type { Locator, Page } from '@playwright/test';

import { violations } from './axe';
import { grid, told } from './campaign';
import { Model } from './model';
import { Berth, expect, hydrated, test } from './server';

const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
/** What colours decide. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

type Jobs = { running: number; failed: number; gang: number; waits: number; held: number; array: number; campaign: number; ended: number };

type View = {
  name: string;
  path: string | ((jobs: Jobs) => string);
  /** What opens it, by keys. */
  open?: (page: Page, jobs: Jobs) => Promise<void>;
};

async function press(on: Locator, key = 'Enter'): Promise<void> {
  await on.focus();
  await on.press(key);
}

/** A row that is new, one that asks, and some that cannot be. */
const SHEET = [
  'Who,GPUs,From,Until,Note',
  `bo,node-1:0,${new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10)} 9am,5pm,eval`,
  'kim & bo,1,2030-12-20,2030-12-21,',
  ',1,soon,,',
  'kim,1,01/12/2030,02/12/2030,',
].join('\n');

const summary = (page: Page, words: string) => page.getByText(words, { exact: true }).first();

const views: View[] = [
  { name: 'dashboard', path: '/' },
  {
    name: 'keys',
    path: '/',
    open: async (page) => {
      await page.keyboard.press('?');
      await expect(page.getByRole('dialog')).toContainText('Keys');
    },
  },
  { name: 'jobs', path: '/jobs?user=all' },
  { name: 'jobs, none of them', path: '/jobs?text=no+such+name' },
  { name: 'array', path: ({ array }) => `/jobs?user=all&array=${array}` },
  {
    name: 'cancel an array',
    path: '/jobs?user=all',
    open: async (page, { array }) => {
      await press(page.getByRole('button', { name: `Cancel all of array ${array}` }));
      await expect(page.getByRole('dialog')).toContainText('Cancel');
    },
  },
  {
    name: 'job that runs',
    path: ({ running }) => `/jobs/${running}`,
    open: async (page) => {
      await press(summary(page, 'Change'));
      await press(summary(page, 'As a table'));
      await page.getByLabel('Search the log').fill('step 1');
      await expect(page.locator('.log-here')).toBeVisible();
    },
  },
  { name: 'job that failed', path: ({ failed }) => `/jobs/${failed}` },
  {
    name: 'job that waits',
    path: ({ gang }) => `/jobs/${gang}`,
    open: async (page) => press(page.getByRole('button', { name: 'Why it waited' })),
  },
  {
    name: 'cancel a job',
    path: ({ waits }) => `/jobs/${waits}`,
    open: async (page, { waits }) => {
      await page.keyboard.press('x');
      await expect(page.getByRole('dialog')).toContainText(`Cancel job ${waits}`);
    },
  },
  { name: 'job that is held', path: ({ held }) => `/jobs/${held}` },
  { name: 'no such job', path: '/jobs/999999' },
  {
    name: 'submit',
    path: '/submit',
    open: async (page) => press(summary(page, 'More')),
  },
  {
    name: 'submit, refused',
    path: '/submit',
    open: async (page) => {
      await page.getByLabel('GPUs', { exact: true }).fill('17');
      await press(page.getByRole('button', { name: 'Submit', exact: true }));
      await expect(page.locator('#command-problem')).toBeVisible();
    },
  },
  {
    name: 'queue, and why',
    path: '/queue',
    open: async (page, { waits }) => press(page.getByRole('button', { name: `Why job ${waits} waits` })),
  },
  {
    name: 'queue, some chosen',
    path: '/queue',
    open: async (page, { waits }) => {
      await press(page.getByLabel(`Choose job ${waits}`), 'Space');
      await expect(page.getByRole('group', { name: 'Chosen jobs' })).toBeVisible();
    },
  },
  {
    name: 'queue, one picked up',
    path: '/queue',
    open: async (page, { waits }) => {
      await press(page.getByRole('button', { name: `Move job ${waits}` }), 'Space');
      await page.keyboard.press('ArrowUp');
      await expect(page.locator('.queue-page > [role=status]')).toContainText('Place');
    },
  },
  { name: 'queue by user', path: '/queue?group=user' },
  {
    name: 'timeline',
    path: '/timeline',
    open: async (page, { running }) => {
      await press(summary(page, 'The same as a table'));
      await page.locator(`.tl-bar[href="/jobs/${running}"]`).first().focus();
      await expect(page.getByRole('tooltip')).toBeVisible();
    },
  },
  { name: 'timeline of lanes', path: '/timeline?open=none&zoom=week' },
  { name: 'timeline of long ago', path: '/timeline?from=2020-01-01T00:00:00Z' },
  {
    name: 'timeline, looking back',
    path: () => `/timeline?at=${new Date(Date.now() - 1000).toISOString()}`,
    open: async (page) => expect(page.locator('.tl-past')).toBeVisible(),
  },
  {
    name: 'calendar',
    path: () => `/timeline?view=week&from=${new Date(Date.now() + 5 * 3_600_000).toISOString().slice(0, 10)}`,
    open: async (page) => {
      await page.locator('.week-block').first().focus();
      await expect(page.getByRole('tooltip')).toBeVisible();
    },
  },
  {
    name: 'reserve from an hour',
    path: () => `/timeline?view=week&from=${new Date(Date.now() + 14 * 86_400_000).toISOString().slice(0, 10)}`,
    open: async (page) => {
      await press(page.locator('.week-open').first());
      await expect(page.getByRole('form', { name: 'Reserve GPUs' })).toBeVisible();
    },
  },
  {
    name: 'reserve',
    path: '/timeline?reserve=new&gpus=8',
    open: async (page) => {
      await press(summary(page, 'Again and again'));
      await press(summary(page, 'Which GPUs'));
      await expect(page.locator('.preview-cost')).toBeVisible();
    },
  },
  {
    name: 'cancel a reservation',
    path: '/timeline',
    open: async (page) => {
      await press(page.getByRole('button', { name: 'Cancel demo' }));
      await expect(page.getByRole('dialog')).toContainText('reservation');
    },
  },
  {
    name: 'history',
    path: '/history?range=24h',
    open: async (page) => {
      for (const numbers of await page.getByText('Numbers', { exact: true }).all()) await press(numbers);
    },
  },
  { name: 'history of days', path: '/history?from=2020-01-01&to=2020-01-02' },
  { name: 'history, refused', path: '/history?range=3d' },
  {
    name: 'cluster',
    path: '/cluster',
    open: async (page) => {
      await press(summary(page, 'All figures'));
      await press(summary(page, 'Take out of use'));
    },
  },
  {
    name: 'alerts, one refused',
    path: '/alerts',
    open: async (page) => press(page.getByRole('button', { name: 'Keep it' }).first()),
  },
  {
    name: 'settings, with a message',
    path: '/settings',
    open: async (page) => {
      await press(page.getByRole('button', { name: 'Save', exact: true }));
      await expect(page.locator('.notices')).toContainText('Saved.');
    },
  },
  {
    name: 'agents',
    path: '/agent',
    open: async (page) => {
      for (const line of await page.locator('.ledger-line summary').all()) await press(line);
      await press(page.locator('.agent-stop summary').first());
      await press(summary(page, 'Another mode for a project'));
      await press(page.getByRole('button', { name: 'New token for tuner' }));
      await expect(page.locator('.token-made code').first()).toBeVisible();
    },
  },
  { name: 'agents, another one', path: '/agent?new=1' },
  {
    name: 'agents, a mandate that was refused',
    path: '/agent?edit=tuner&name=tuner&hours=night&may=submit&commands=%7B&error=%27night%27+is+no+time+of+the+day.&field=hours',
  },
  {
    name: 'agents, all stopped',
    path: '/agent?state=odd',
    open: async (page) => {
      await page.getByLabel('Why all are stopped').fill('a look');
      await press(page.getByRole('button', { name: 'Stop all' }));
      await expect(page.locator('#switch-state')).toContainText('a look');
      await press(page.getByRole('button', { name: 'Let them go on' }));
      await expect(page.locator('#switch-state')).toContainText('may act');
      await page.getByLabel('Why all are stopped').fill('a longer look');
      await page.getByLabel('cancel their jobs too').check();
      await press(page.getByRole('button', { name: 'Stop all' }));
      await expect(page.getByRole('dialog')).toContainText('cancel their jobs');
    },
  },
  { name: 'campaigns', path: '/agent/campaigns?all=1', open: async (page) => press(summary(page, 'Start another')) },
  {
    name: 'a campaign that goes on',
    path: ({ campaign }) => `/agent/campaigns/${campaign}`,
    open: async (page) => {
      await expect(page.locator('.campaign-chart')).toBeVisible();
      for (const what of ['Pause', 'Steer', 'End']) await press(summary(page, what));
    },
  },
  { name: 'a campaign that ended', path: ({ ended }) => `/agent/campaigns/${ended}` },
  { name: 'a campaign that there is not', path: '/agent/campaigns/999' },
  {
    name: 'admin',
    path: '/admin',
    open: async (page) => {
      await press(summary(page, 'Stopping jobs for others'));
      await press(page.locator('[data-whose="user-ana"] summary'));
      await press(page.getByRole('button', { name: 'New login link for ana' }));
      await expect(page.locator('.link-made code')).toBeVisible();
    },
  },
  {
    name: 'admin, another policy',
    path: '/admin?policy=fifo&preview=1',
    open: async (page) => expect(page.locator('.preview-cost')).toBeVisible(),
  },
  { name: 'admin, refused', path: '/admin?policy=fifo&knob-order=luck&preview=1&error=No.' },
  { name: 'import, no file yet', path: '/admin/import' },
  {
    name: 'import, looked at',
    path: '/admin/import',
    open: async (page) => {
      await press(summary(page, 'Or paste the rows'));
      await page.getByLabel('The rows, with their headings').fill(SHEET);
      await press(page.getByRole('button', { name: 'Look at them' }));
      await expect(page.locator('.import-rows').first()).toBeVisible();
      await press(summary(page, '1 row is skipped'));
    },
  },
  {
    name: 'audit',
    path: '/admin/audit',
    open: async (page) => press(page.locator('.audit-table details summary').first()),
  },
  {
    name: 'projects',
    path: '/projects',
    open: async (page) => press(page.locator('summary').first()),
  },
  { name: 'audit, nothing fits', path: '/admin/audit?act=nothing-of-the-kind' },
  { name: 'nowhere', path: '/nowhere' },
  { name: 'login, refused', path: '/login?error=The+token+is+not+known+here.' },
];

/** Something of everything that a page can show. */
async function everything(berth: Berth): Promise<Jobs> {
  await berth.submit('test $BERTH_ATTEMPT -ge 4 || exit 1; sleep 3600', { name: 'flaky', max_retries: 9 });
  const failed = await berth.submit('echo no; exit 1', { name: 'failed' });
  const running = await berth.submit('i=0; while true; do i=$((i+1)); echo "step $i"; sleep 1; done', { gpus: 8, name: 'runs', time_limit: '2h' });
  await expect.poll(async () => (await berth.api('alerts')).alerts.length).toBe(1);
  const gang = await berth.submit('true', { gpus: 16, name: 'gang', time_limit: '1h', class: 'high' }, berth.addUser('ana'));
  const waits = await berth.submit('true', { gpus: 8, nodes: 2, name: 'waits' });
  const array = await berth.submit('true', { gpus: 8, name: 'folds', array: '0-9' });
  const held = await berth.submit('true', { hold: true, name: 'held' });
  await berth.api('create_reservation', { reservation: { gpus: 8, start: new Date(Date.now() + 5 * 3_600_000).toISOString(), length: '3h', note: 'demo' } });
  await berth.api('cordon', { place: 'node-2:3', reason: 'ECC errors' });
  const { token } = await berth.api('set_agent', { name: 'tuner', mandate: { approval: { actions: ['hold'] }, commands: [{ command: 'python train.py --lr {float}' }] } });
  await berth.api('submit_job', { command: ['python', 'other.py'] }, token).catch(() => {});
  const { job: mine } = await berth.api('submit_job', { command: ['python', 'train.py', '--lr', '1'], gpus: 4, time_limit: '1h', begin: new Date(Date.now() + 3 * 3_600_000).toISOString() }, token);
  await berth.api('hold_job', { id: mine.id }, token).catch(() => {});
  await expect.poll(async () => (await berth.api('list_agents')).open.length).toBe(1);
  await expect.poll(async () => (await berth.api(`job_waits?id=${gang}`)).waits.length).toBeGreaterThan(0);
  const start = async (name: string, line: string, x: number[]): Promise<number> => (await berth.api('start_campaign', grid(name, line, x, { gpus: 0 }))).id;
  const campaign = await start('nearest', `${told}; test {x} -le 3 || sleep 600`, [1, 2, 3, 4, 5]);
  const ended = await start('over', told, [1, 2, 3]);
  await expect.poll(async () => (await berth.api(`campaign?id=${campaign}`)).counts.done).toBe(3);
  await expect.poll(async () => (await berth.api(`campaign?id=${ended}`)).state).toBe('ended');
  return { running, failed, gang, waits, held, array, campaign, ended };
}

/** In light, in dark and on a phone. */
async function lookedAt(page: Page): Promise<void> {
  expect(await violations(page), 'light').toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  expect(await violations(page, COLOURS), 'dark').toEqual([]);
  await page.setViewportSize(phone);
  expect(await violations(page), 'on a phone').toEqual([]);
  // What floats beside the focus has its place from when it was given.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const surplus = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(surplus, 'wider than a phone').toBeLessThanOrEqual(0);
}

test.describe('axe', () => {
  let jobs: Jobs;
  test.beforeAll(async ({ berth }) => {
    jobs = await everything(berth);
  });

  test.afterAll(async ({ berth }) => {
    await berth.api('change_campaign', { id: jobs.campaign, change: 'end', why: 'the tests are over', jobs: true });
    await berth.cancelAll();
    const { reservations } = await berth.api('list_reservations');
    for (const { id } of reservations) await berth.api('cancel_reservation', { id });
    await berth.api('uncordon', { place: 'node-2:3' });
    await berth.api('resume_agents', {});
    await berth.api('remove_agent', { name: 'tuner' });
  });

  test.beforeEach(async ({ page, berth }) => {
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.setViewportSize(desk);
    await berth.logIn(page);
  });

  for (const { name, path, open } of views) {
    test(name, async ({ page }) => {
      await page.goto(typeof path === 'string' ? path : path(jobs));
      await hydrated(page);
      await open?.(page, jobs);
      await lookedAt(page);
    });
  }

  test('a server that is away', async ({ page, berth }) => {
    await page.goto('/jobs?user=all');
    await hydrated(page);
    await expect(page.locator('.header')).toHaveAttribute('data-live', 'live');
    await berth.end('SIGKILL');
    try {
      await expect(page.locator('.header')).not.toHaveAttribute('data-live', 'live');
      expect(await violations(page), 'light').toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
      expect(await violations(page, COLOURS), 'dark').toEqual([]);
      await press(page.getByRole('link', { name: 'Cluster' }));
      await expect(page.getByRole('alert')).toBeVisible();
      expect(await violations(page), 'a page that cannot come').toEqual([]);
    } finally {
      await berth.launch();
    }
  });
});

// With a model to ask, and no campaign.
test.describe('axe, with an assistant', () => {
  let model: Model;
  let berth: Berth;
  let talk: number;
  test.beforeAll(async () => {
    model = await Model.start();
    berth = await Berth.start({ simulate: '1x8', env: model.env });
    const job = await berth.submit('sleep 600', { gpus: 1, time_limit: '1h' });
    talk = await model.asked(
      berth,
      'Cancel what does nothing.',
      { calls: 'queue', with: {} },
      { calls: 'cancel', with: { id: job } },
      { says: [`## What I did\n\nJob ${job} **waits** for you:\n\n1. \`sleep 600\`\n\n| job | GPUs |\n| ${job} | 1 |`] },
    );
  });

  test.afterAll(async () => {
    await berth?.stop();
    model?.stop();
  });

  test.beforeEach(async ({ page }) => {
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.setViewportSize(desk);
    await berth.logIn(page);
  });

  const pages: [string, () => string][] = [
    ['nothing asked yet', () => '/agent/ask'],
    ['an answer that asks', () => `/agent/ask/${talk}`],
    ['a talk that there is not', () => '/agent/ask/999'],
    ['no campaign yet', () => '/agent/campaigns?all=1'],
  ];
  for (const [name, path] of pages) {
    test(name, async ({ page }) => {
      await page.goto(berth.url + path());
      await hydrated(page);
      await lookedAt(page);
    });
  }

  test('an answer that comes', async ({ page }) => {
    model.replies = [{ says: ['Slowly ', new Promise(() => {})] }];
    await page.goto(`${berth.url}/agent/ask`);
    await hydrated(page);
    await page.getByLabel('Your question').fill('What runs?');
    await page.getByLabel('Your question').press('Enter');
    await expect(page.getByRole('log')).toContainText('Slowly');
    await lookedAt(page);
  });
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('no page is wider than a phone', async ({ page, berth }) => {
    await berth.logIn(page);
    const id = await berth.submit('sleep 100', { gpus: 8, nodes: 2 });
    await berth.submit('sleep 100', { gpus: 8, nodes: 2, name: 'x'.repeat(120) });
    const at = new Date(Date.now() - 60_000).toISOString().slice(0, 16) + ':00Z';
    for (const path of ['/', `/?at=${at}`, '/jobs?user=all', `/jobs/${id}`, '/queue', '/timeline', `/timeline?at=${at}`, '/timeline?view=week', '/history', '/cluster', '/agent', '/agent?new=1', '/agent/ask', '/agent/campaigns', '/alerts', '/settings', '/admin', '/submit', '/styleguide', '/nowhere']) {
      await page.goto(path);
      await hydrated(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBe(390);
    }
  });
});
