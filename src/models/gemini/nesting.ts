/** Maximum nesting of a value that a provider may send as it likes: arguments of a call, sources, code. Known ones have fewer than ten levels. */
const MAX_DEPTH = 64;

/**
 * Returns a value whose nesting is limited, so that JSON.stringify, which is recursive, can serialize it wherever that happens later.
 * @throws {TypeError} the nesting is deeper than 64
 */
export function checkNesting<Value>(value: Value): Value {
  visit(value, MAX_DEPTH);
  return value;
}

function visit(value: unknown, levels: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (levels === 0) throw new TypeError(`nested deeper than ${MAX_DEPTH} levels`);
  for (const each of Object.values(value)) visit(each, levels - 1);
}
