/** What the parity page is held to: titles of tests and names of fields, read from source text as a person would. */

/**
 * The full titles of a test file's tests: those of the `describe`s around it, then its own, joined by spaces, as jest prints them. Of a
 * `test.each` the title is the template. A test whose title is not a text there and then has none.
 */
export function testTitles(source: string): string[] {
  const titles: string[] = [];
  collectTitles(source, 0, source.length, [], titles);
  return titles;
}

/** The names of the fields of an interface, without those of the objects in it. @throws if there is no such interface */
export function fieldNames(source: string, interfaceName: string): string[] {
  const open = source.indexOf('{', source.search(new RegExp(`\\binterface ${interfaceName}\\b`)));
  if (open < 0 || !source.includes(`interface ${interfaceName}`)) throw new Error(`no interface ${interfaceName}`);
  const end = endOfToken(source, open) - 1;
  const names: string[] = [];
  let isFieldNext = true;
  for (let at = open + 1; at < end; ) {
    const name = isFieldNext ? /^(?:readonly )?(\w+)\??:/.exec(source.slice(at, at + 100)) : null;
    if (name?.[1]) {
      names.push(name[1]);
      isFieldNext = false;
      at += name[0].length;
      continue;
    }
    if (source[at] === ';') isFieldNext = true;
    at = endOfToken(source, at);
  }
  return names;
}

const CALL = /(?<![\w$.])(describe|test|it)((?:\.(?:each|only|skip|concurrent|failing))*)(<[\s\S]{1,200}?>)?(?=\()/y;

function collectTitles(source: string, from: number, to: number, around: readonly string[], titles: string[]): void {
  for (let at = from; at < to; ) {
    CALL.lastIndex = at;
    const call = CALL.exec(source);
    if (!call) {
      // Brackets are entered, so that a test in a loop or a condition is found.
      at = '([{'.includes(source[at] ?? '') ? at + 1 : endOfToken(source, at);
      continue;
    }
    let open = CALL.lastIndex;
    if (call[2]?.includes('.each')) open = skipBlank(source, endOfToken(source, open));
    const begin = skipBlank(source, open + 1);
    const title = `'"\``.includes(source[begin] ?? '')
      ? unquote(source.slice(begin, endOfToken(source, begin)))
      : undefined;
    if (call[1] === 'describe') {
      const end = endOfToken(source, open);
      collectTitles(source, endOfToken(source, begin), end, title === undefined ? around : [...around, title], titles);
      at = end;
    } else {
      if (title !== undefined) titles.push([...around, title].join(' '));
      at = endOfToken(source, open);
    }
  }
}

/** Where what begins at `at` ends: a text, a comment, a regular expression, a bracket with all it holds, or one character. */
function endOfToken(source: string, at: number): number {
  const char = source[at] ?? '';
  const next = source[at + 1];
  if (char === '/' && next === '/') return orEnd(source, source.indexOf('\n', at));
  if (char === '/' && next === '*') return orEnd(source, source.indexOf('*/', at), 2);
  if (char === '/' && isOperand(source, at)) return endOfRegExp(source, at);
  if (char === "'" || char === '"') return endOfText(source, at);
  if (char === '`') return endOfTemplate(source, at);
  if ('([{'.includes(char)) {
    let inside = at + 1;
    while (inside < source.length && !')]}'.includes(source[inside] ?? '')) inside = endOfToken(source, inside);
    return inside + 1;
  }
  return at + 1;
}

function endOfText(source: string, at: number): number {
  let end = at + 1;
  while (end < source.length && source[end] !== source[at]) end += source[end] === '\\' ? 2 : 1;
  return end + 1;
}

function endOfTemplate(source: string, at: number): number {
  let end = at + 1;
  while (end < source.length && source[end] !== '`') {
    if (source[end] === '$' && source[end + 1] === '{') end = endOfToken(source, end + 1);
    else end += source[end] === '\\' ? 2 : 1;
  }
  return end + 1;
}

function endOfRegExp(source: string, at: number): number {
  let end = at + 1;
  for (let inClass = false; end < source.length && (inClass || source[end] !== '/'); ) {
    if (source[end] === '[') inClass = true;
    if (source[end] === ']') inClass = false;
    end += source[end] === '\\' ? 2 : 1;
  }
  return end + 1;
}

/** A `/` here begins a regular expression; behind a value it divides. */
function isOperand(source: string, at: number): boolean {
  return /(?:^|[=(,:[!&|?{};>]|\breturn)\s*$/.test(source.slice(Math.max(0, at - 40), at));
}

function orEnd(source: string, found: number, length = 0): number {
  return found < 0 ? source.length : found + length;
}

function skipBlank(source: string, at: number): number {
  let end = at;
  while (/\s/.test(source[end] ?? '')) end += 1;
  return end;
}

/** The text of a literal; what a template computes stays as it is written. */
function unquote(literal: string): string {
  return literal.slice(1, -1).replace(/\\(.)/g, '$1');
}
