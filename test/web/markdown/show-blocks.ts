import type { Block, Inline } from '../../../src/web/markdown/node.ts';

/** Shows blocks in a short notation, like HTML, that tests can compare. */
export function showBlocks(blocks: readonly Block[]): string {
  return blocks.map(showBlock).join(' ');
}

function showBlock(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${showInline(block.children)}</p>`;
    case 'heading':
      return `<h${block.level}>${showInline(block.children)}</h${block.level}>`;
    case 'code':
      return `<pre ${block.language}>${block.text}</pre>`;
    case 'quote':
      return `<quote>${showBlocks(block.blocks)}</quote>`;
    case 'rule':
      return '<hr>';
    case 'list': {
      const items = block.items.map(({ done, blocks }) => {
        const task = done === undefined ? '' : done ? ' done' : ' todo';
        return `<li${task}>${showBlocks(blocks)}</li>`;
      });
      return block.start === undefined ? `<ul>${items.join('')}</ul>` : `<ol ${block.start}>${items.join('')}</ol>`;
    }
    case 'table': {
      const rows = block.rows.map((row) => row.map(showInline).join(' | '));
      return `<table ${block.alignments.map((alignment) => alignment ?? '-').join(',')}>${rows.join(' / ')}</table>`;
    }
  }
}

export function showInline(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case 'text':
          return node.text;
        case 'code':
          return `<code>${node.text}</code>`;
        case 'strong':
          return `<b>${showInline(node.children)}</b>`;
        case 'emphasis':
          return `<i>${showInline(node.children)}</i>`;
        case 'deleted':
          return `<s>${showInline(node.children)}</s>`;
        case 'link':
          return `<${node.isPicture ? 'img' : 'a'} ${node.url ?? '?'}>${showInline(node.children)}</a>`;
      }
      return node satisfies never;
    })
    .join('');
}
