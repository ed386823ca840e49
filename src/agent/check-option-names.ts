/**
 * Checks the names of options: a misspelt one would otherwise change nothing, and nobody would notice.
 * @param subject start of the error text
 * @throws {TypeError}
 */
export function checkOptionNames(subject: string, options: object, allowed: readonly string[]): void {
  const unknown = Object.keys(options).find((option) => !allowed.includes(option));
  if (unknown === undefined) return;
  throw new TypeError(`${subject}: there is no option ${unknown}; allowed: ${allowed.join(', ')}`);
}
