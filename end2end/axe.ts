// What axe-core finds wrong with a page: every rule it has, best practices too.

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

/** Each violation with the elements that have it; with `rules`, of these alone. */
export async function violations(page: Page, rules: string[] = []): Promise<string[]> {
  // Our pages have no frames, so it need not put several together on a page of its own.
  const axe = new AxeBuilder({ page }).setLegacyMode(true);
  if (rules.length > 0) axe.withRules(rules);
  const found = await axe.analyze();
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n  ')}`);
}
