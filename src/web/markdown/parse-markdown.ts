import { BlockCollector } from './block-collector.ts';
import { BlockParser } from './block-parser.ts';
import { splitLines } from './line.ts';
import type { Block } from './node.ts';

/** A parsed document, from which the same document with more text is parsed faster. */
export interface ParsedMarkdown {
  readonly source: string;
  readonly blocks: readonly Block[];
  /** First blocks, which more text does not change. */
  readonly settled: readonly Block[];
  /** Position after the settled blocks. */
  readonly settledAt: number;
}

/**
 * Parses Markdown: the parts of CommonMark and of GitHub's dialect that models write. HTML, indented code, underlined headings and references of
 * links are text, because they are rare in answers, or because they would change what is already shown. A line break is kept.
 * Time is linear in the length of the source; with `previous` it is linear in the length of the last two blocks and of what follows. An item of a
 * list counts as a block.
 * @param isOpen whether more text will arrive. What is not closed yet is formatted as if it ended here.
 * @param previous the document as it was before. Blocks that have not changed are the same objects.
 */
export function parseMarkdown(source: string, isOpen: boolean, previous?: ParsedMarkdown): ParsedMarkdown {
  const isContinued = previous !== undefined && source.startsWith(previous.source.slice(0, previous.settledAt));
  const settled = new BlockCollector(isContinued ? previous.settled : []);
  const lines = splitLines(source, isContinued ? previous.settledAt : 0);
  const parser = new BlockParser(lines, isOpen);
  const unsettled: { block: Block; line: number }[] = [];
  const settleTo = (count: number) => {
    for (const { block } of unsettled.splice(0, Math.max(0, unsettled.length - count))) settled.add(block);
  };
  for (let line = parser.skipBlank(0); line < lines.length; ) {
    const { block, next } = parser.read(line);
    unsettled.push({ block, line });
    settleTo(2);
    line = parser.skipBlank(next);
  }
  // A block whose first two lines are not complete may turn out to be a part of the block before it.
  if ((unsettled.at(-1)?.line ?? 0) < lines.length - 2) settleTo(1);
  const all = new BlockCollector(settled.blocks);
  for (const { block } of unsettled) all.add(block);
  const settledAt = lines[unsettled[0]?.line ?? 0]?.at ?? 0;
  return { source, blocks: all.blocks, settled: settled.blocks, settledAt };
}
