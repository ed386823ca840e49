import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_LINE } from '../../../src/web/markdown/line.ts';
import { type ParsedMarkdown, parseMarkdown } from '../../../src/web/markdown/parse-markdown.ts';
import { showBlocks } from './show-blocks.ts';

const show = (source: string, isOpen = false) => showBlocks(parseMarkdown(source, isOpen).blocks);

test.each([
  ['paragraphs, and line breaks that are kept', 'a\nb  \nc\n\nd', '<p>a\nb\nc</p> <p>d</p>'],
  ['headings', '# A\n### B ##\n#no heading', '<h1>A</h1> <h3>B</h3> <p>#no heading</p>'],
  [
    'emphasis of every kind',
    '*a* _b_ **c** __d__ ***e*** ~~f~~',
    '<p><i>a</i> <i>b</i> <b>c</b> <b>d</b> <i><b>e</b></i> <s>f</s></p>',
  ],
  ['emphasis inside emphasis', '**a *b* c**, *a **b***', '<p><b>a <i>b</i> c</b>, <i>a <b>b</b></i></p>'],
  [
    'names and products are no emphasis',
    'snake_case_name 2*3*4 5 * 3 * 2 ~5',
    '<p>snake_case_name 2<i>3</i>4 5 * 3 * 2 ~5</p>',
  ],
  ['delimiters that nothing closes are text', '**a *b [c', '<p>**a *b [c</p>'],
  ['emphasis around a bracket', '**see [1** x', '<p><b>see [1</b> x</p>'],
  ['escapes', '\\*a\\* \\d \\\\', '<p>*a* \\d \\</p>'],
  [
    'code, also with backticks and formatting in it',
    '`a*b*` ``c`d`` `` ` `` `e',
    '<p><code>a*b*</code> <code>c`d</code> <code>`</code> `e</p>',
  ],
  [
    'code fences, with what follows them',
    'x\n```py title\na\n\n  b\n```\ny',
    '<p>x</p> <pre py>a\n\n  b</pre> <p>y</p>',
  ],
  ['a fence of tildes that holds one of backticks', '~~~\n```\n~~~', '<pre >```</pre>'],
  [
    'bullets, nested, directly after a paragraph',
    'x:\n- a\n  - b\n    more\n- c',
    '<p>x:</p> <ul><li><p>a</p> <ul><li><p>b\nmore</p></li></ul></li><li><p>c</p></li></ul>',
  ],
  [
    'a list with blank lines between its items',
    '* a\n\n* b\n\nc',
    '<ul><li><p>a</p></li><li><p>b</p></li></ul> <p>c</p>',
  ],
  [
    'numbers, their start, and what is indented by two',
    '3. a\n  - b\n4. c',
    '<ol 3><li><p>a</p> <ul><li><p>b</p></li></ul></li><li><p>c</p></li></ol>',
  ],
  [
    'code and a paragraph in an item',
    '1. a\n\n   b\n   ```\n   c\n   ```\n2. d',
    '<ol 1><li><p>a</p> <p>b</p> <pre >c</pre></li><li><p>d</p></li></ol>',
  ],
  [
    'numbers that go on after code that is not indented',
    '1. a\n```\nc\n```\n2. b',
    '<ol 1><li><p>a</p></li></ol> <pre >c</pre> <ol 2><li><p>b</p></li></ol>',
  ],
  ['a year at the start of a line is no list', 'It was\n2024. A good year', '<p>It was\n2024. A good year</p>'],
  ['tasks', '- [x] a\n- [ ] b', '<ul><li done><p>a</p></li><li todo><p>b</p></li></ul>'],
  ['quotes, nested and lazy', '> a\nb\n> > c', '<quote><p>a\nb</p> <quote><p>c</p></quote></quote>'],
  ['rules', 'a\n---\nb\n* * *', '<p>a</p> <hr> <p>b</p> <hr>'],
  [
    'tables, with alignment, escaped bars and a row that is too short',
    '| a | b |\n|:-|:-:|\n| `1\\|2` | **x** | y |\n| z',
    '<table left,center>a | b / <code>1|2</code> | <b>x</b> / z</table>',
  ],
  ['a line with a bar and no dashes below is a paragraph', 'a | b\nc', '<p>a | b\nc</p>'],
  [
    'links, with a title and parentheses',
    '[a *b*](https://x.example/c_(d) "t") [e](mailto:f@g.example)',
    '<p><a https://x.example/c_(d)>a <i>b</i></a> <a mailto:f@g.example>e</a></p>',
  ],
  [
    'addresses in the text',
    'See https://x.example/a_b_c, (http://y.example/z) or <https://q.example>.',
    '<p>See <a https://x.example/a_b_c>https://x.example/a_b_c</a>, (<a http://y.example/z>http://y.example/z</a>) or <a https://q.example/>https://q.example</a>.</p>',
  ],
  ['pictures are links', '![A cat](https://x.example/c.png)', '<p><img https://x.example/c.png>A cat</a></p>'],
  [
    'links that may not be opened are shown as their source',
    '[a](javascript:alert(1)) ![b](data:text/html,x) [c](/d) <javascript:e>',
    '<p>[a](javascript:alert(1)) ![b](data:text/html,x) [c](/d) <javascript:e></p>',
  ],
  [
    'HTML is text',
    '<b onclick="x">a</b><br>&amp;\n<script>alert(1)</script>',
    '<p><b onclick="x">a</b>\n&amp;\n<script>alert(1)</script></p>',
  ],
])('%s', (_title, source, expected) => {
  expect(show(source)).toBe(expected);
});

test.each([
  ['Some **bo', '<p>Some <b>bo</b></p>'],
  ['Some **', '<p>Some </p>'],
  ['Use `cod', '<p>Use <code>cod</code></p>'],
  ['See [the docs](https://x.exa', '<p>See <a ?>the docs</a></p>'],
  ['- **a', '<ul><li><p><b>a</b></p></li></ul>'],
  ['```js\nlet a', '<pre js>let a</pre>'],
  ['| a | b |', '<table ->a | b</table>'],
  ['| a | b |\n|--', '<table ->a | b</table>'],
])('while text arrives, %j is formatted as if it ended there', (source, expected) => {
  expect(show(source, true)).toBe(expected);
});

test('quotes and lists are nested to a limit, and the rest is text', () => {
  expect(show(`${'> '.repeat(10)}a`)).toBe(`${'<quote>'.repeat(8)}<p>> > a</p>${'</quote>'.repeat(8)}`);
});

test('a line without end is cut into paragraphs of which nothing is lost', () => {
  const word = 'x'.repeat(3 * MAX_LINE + 1);
  const { blocks } = parseMarkdown(word, false);
  expect(blocks).toHaveLength(4);
  expect(showBlocks(blocks).replaceAll(/<\/?p>| /g, '')).toBe(word);
  const smiles = '😀'.repeat(MAX_LINE);
  expect(show(`a${smiles}`).replaceAll(/<\/?p>| /g, '')).toBe(`a${smiles}`);
  expect(show(`\`\`\`\n${word}`)).toBe(`<pre >${word}</pre>`);
});

/** Pieces of Markdown that models write, and pieces that break parsers. */
const markdown = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        'Word ',
        ' ',
        '\n',
        '\n\n',
        '*',
        '**',
        '_',
        '`',
        '```\n',
        '~~',
        '# ',
        '- ',
        '1. ',
        '> ',
        '| ',
        '|-|\n',
        '[',
        '](',
        ')',
      ],
      ...['https://x.example ', '\\', '<b>', '![', '  ', '\t', '---\n', 'é', '😀', '\r\n'],
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));

test('a document that arrives in pieces is the same as the whole one, and its settled blocks stay the same objects', () => {
  fc.assert(
    fc.property(fc.array(markdown, { minLength: 1, maxLength: 6 }), (pieces) => {
      let source = '';
      let parsed: ParsedMarkdown | undefined;
      for (const [index, piece] of pieces.entries()) {
        source += piece;
        const isOpen = index < pieces.length - 1;
        const before = parsed;
        parsed = parseMarkdown(source, isOpen, before);
        expect(parsed.blocks).toEqual(parseMarkdown(source, isOpen).blocks);
        // A list of which more items arrive is another object; its items are not.
        const kept = before?.settled.slice(0, -1) ?? [];
        expect(parsed.blocks.slice(0, kept.length).every((block, at) => block === kept[at])).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});

test('no letter of a complete document is lost', () => {
  const letters = (text: string) =>
    text
      .replaceAll(/<\/?(?:p|h\d|pre[^>]*|quote|li[^>]*|ul|ol[^>]*|b|i|s|code|hr|table[^>]*|a[^>]*|img[^>]*)>/g, '')
      .match(/[a-zé😀]/gu)
      ?.join('');
  fc.assert(
    fc.property(markdown, (source) => {
      // The language of code, and cells beyond those of the head, are not part of the text that is shown.
      fc.pre(!/```|~~~/.test(source) && !source.includes('|') && !source.includes('](') && !source.includes('<b>'));
      expect(letters(show(source))).toBe(letters(source));
    }),
    { numRuns: 300 },
  );
});
