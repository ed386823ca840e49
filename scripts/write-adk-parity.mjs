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
  `# ADK's live mode and this project

This page lists the features of the live (bidirectional) mode of Google's [Agent Development Kit](https://google.github.io/adk-docs/), and what this
project does. Of ${rows.length} features, ${count('done')} are implemented, ${count('planned')} are planned, and ${count('not offered')} are not offered, with the reason. Where this project differs on
purpose, the reason stands beside it. Names are those of ADK for TypeScript.

"ADK" is google-adk for Python 2.x, from its sources of August 2026, and @google/adk 2.0.0 for TypeScript, which was run against a server
that records its input. Where the two differ, both are described. "Python, 2026" marks features that were added to the sources in that year.

Every implemented row names the tests that prove it. \`test/parity/parity.test.ts\` fails if one of them is missing, if a field of RunConfig, of an
event or of a LiveRequest has no row, and if this page differs from the output of \`node scripts/write-adk-parity.mjs\`, which reads the rows in
\`test/parity/areas/\`.

${areas.map(area).join('\n\n')}

## Problems that its users report

The tests are in \`test/pains/\`; the first words of each title name the problem. They run the real server, or the Runner, and Google's SDK
against the emulator, which reproduces the problem.

| | complaint | reported | here | shown by |
|---|---|---|---|---|
${pains.map(pain).join('\n')}
`,
);
