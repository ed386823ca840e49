import axe from 'axe-core';

/** Tags of the rules of WCAG 2.2 at the levels A and AA, and of axe's own advice. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Checks the document by the rules of axe.
 * @param colorsOnly whether only the contrast of colours is checked, as for a second theme
 * @returns a line for each element that breaks a rule
 */
export async function findViolations(colorsOnly: boolean): Promise<string[]> {
  const { violations } = await axe.run(document, {
    runOnly: colorsOnly ? { type: 'rule', values: ['color-contrast'] } : { type: 'tag', values: TAGS },
    resultTypes: ['violations', 'incomplete'],
    elementRef: true,
    preload: false,
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary?.replace(/\s+/g, ' ')}`),
  );
}
