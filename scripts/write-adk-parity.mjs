// Writes docs/adk-parity.md from the rows below test/parity/. Run it after a change there: `node scripts/write-adk-parity.mjs`.
// With an argument it writes to that file instead.
import { writeFileSync } from 'node:fs';
import { areas } from '../test/parity/areas.ts';
import { pains } from '../test/parity/pains.ts';

const target = process.argv[2] ?? new URL('../docs/adk-parity.md', import.meta.url);
const rows = areas.flatMap(({ requirements }) => requirements);
const count = (status) => rows.filter((row) => row.status === status).length;

/** Pipes would end a cell, angle brackets begin a tag; code spans are left as they are but for the pipes. */
const cell = (text) =>
  text
    .split(/(`[^`]*`)/)
    .map((part) =>
      part.startsWith('`') ? part : part.replaceAll('<', '&lt;').replaceAll('*', '\\*').replaceAll('_', '\\_'),
    )
    .join('')
    .replaceAll('|', '\\|');

/** Each file once, with the titles of its tests. */
const tests = (references) => {
  const byFile = Map.groupBy(references, (reference) => reference.slice(0, reference.indexOf(': ')));
  return [...byFile]
    .map(([file, ofIt]) => {
      const titles = ofIt.map((reference) => cell(reference.slice(file.length + 2)));
      return `[${file.replace('.test.ts', '')}](../test/${file}): ${titles.join('; ')}`;
    })
    .join('<br>');
};

const here = (row) => {
  if (row.status === 'not offered') return `**Not offered.** ${cell(row.why)}`;
  const planned = row.status === 'planned' ? `**Planned**, with ${row.brings}. ` : '';
  return planned + cell(row.here) + (row.differs ? ` *On purpose: ${cell(row.differs)}*` : '');
};

const area = ({ title, requirements }) =>
  [
    `## ${title}`,
    '',
    '| feature | ADK | here | shown by |',
    '|---|---|---|---|',
    ...requirements.map(
      (row) =>
        `| ${cell(row.id)} | ${cell(row.adk)} | ${here(row)} | ${row.status === 'done' ? tests(row.tests) : ''} |`,
    ),
  ].join('\n');

const issue = (reference) => {
  const [repository, number] = reference.split('#');
  return `[${reference}](https://github.com/${repository}/issues/${number})`;
};

const pain = ({ number, complaint, issues, here: answer, tests: references }) =>
  `| ${number} | ${cell(complaint)} | ${issues.map(issue).join(', ')} | ${cell(answer)} | ${tests(references)} |`;

writeFileSync(
  target,
  `# ADK's live mode, and this

What Google's [Agent Development Kit](https://google.github.io/adk-docs/) does in live (bidirectional) mode, feature by feature, and what this
project does instead. ${rows.length} features: ${count('done')} are here, ${count('planned')} are planned, ${count('not offered')} are not offered, with the reason. Where we
do something else on purpose, the reason stands beside it. Names are those of ADK for TypeScript.

"ADK" is google-adk for Python 2.x, from its sources of August 2026, and @google/adk 2.0.0 for TypeScript, which was run against a server
that records what it is sent; where the two differ, both are told. "Python, 2026" marks what came into the sources in that year.

Every row that is here names the tests that show it. \`test/parity/parity.test.ts\` fails if one of them is gone, if a field of RunConfig, of an
event or of a LiveRequest has no row, and if this page is not the one that \`node scripts/write-adk-parity.mjs\` writes from the rows in
\`test/parity/areas/\`.

${areas.map(area).join('\n\n')}

## What its users complain about

The tests of these are in \`test/pains/\`; the first words of each name the complaint. They run the real server, or the Runner, and Google's SDK
against the emulator, which does what is complained about.

| | complaint | reported | here | shown by |
|---|---|---|---|---|
${pains.map(pain).join('\n')}
`,
);
