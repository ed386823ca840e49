import { type ComponentChildren, createElement } from 'preact';
import { ConstantView } from '../components/constant-view.tsx';
import { answerMessages } from '../messages/answers.ts';
import { CodeBlock } from './code-block.tsx';
import { InlineView } from './inline-view.tsx';
import type { Block, List, ListItem } from './node.ts';

/** Level of the heading of a turn, which stands above an answer. */
const TURN_LEVEL = 2;

/**
 * Shows blocks. A list, a quote and a table have the direction of their first letter; so has each line, by style.
 * A block is rendered again only when it is another object.
 */
export function BlockList({ blocks }: { blocks: readonly Block[] }) {
  return (
    <>
      {blocks.map((block, index) => (
        <ConstantView key={`${index}-${block.kind}`} value={block} show={showBlock} />
      ))}
    </>
  );
}

function showBlock(block: Block): ComponentChildren {
  switch (block.kind) {
    case 'paragraph':
      return (
        <p>
          <InlineView nodes={block.children} />
        </p>
      );
    case 'heading':
      return createElement(
        // Most answers begin with a heading of level 2. It follows that of the turn, so that screen readers find no level left out.
        `h${TURN_LEVEL + Math.min(Math.max(block.level - 1, 1), 4)}`,
        { 'data-level': block.level },
        <InlineView nodes={block.children} />,
      );
    case 'code':
      return <CodeBlock language={block.language} text={block.text} />;
    case 'quote':
      return (
        <blockquote dir="auto">
          <BlockList blocks={block.blocks} />
        </blockquote>
      );
    case 'list':
      return showList(block);
    case 'table':
      return showTable(block);
    case 'rule':
      return <hr />;
  }
}

function showList({ start, items }: List): ComponentChildren {
  const children = items.map((item, index) => <ConstantView key={index.toString()} value={item} show={showItem} />);
  return start === undefined ? (
    <ul dir="auto">{children}</ul>
  ) : (
    <ol dir="auto" start={start}>
      {children}
    </ol>
  );
}

function showItem({ done, blocks }: ListItem): ComponentChildren {
  return (
    <li class={done === undefined ? undefined : 'task'}>
      {done !== undefined && <TaskBox done={done} />}
      <BlockList blocks={blocks} />
    </li>
  );
}

function TaskBox({ done }: { done: boolean }) {
  const words = answerMessages.value.answer;
  return <input type="checkbox" disabled checked={done} aria-label={done ? words.taskDone : words.taskOpen} />;
}

function showTable({ alignments, rows: [head = [], ...rows] }: Extract<Block, { kind: 'table' }>): ComponentChildren {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard
    <div class="table" tabIndex={0}>
      <table dir="auto">
        <thead>
          <tr>
            {head.map((cell, column) => (
              <th key={column.toString()} scope="col" data-align={alignments[column]}>
                <InlineView nodes={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index.toString()}>
              {row.map((cell, column) => (
                <td key={column.toString()} data-align={alignments[column]}>
                  <InlineView nodes={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
