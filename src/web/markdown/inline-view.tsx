import type { ComponentChildren } from 'preact';
import { ImageIcon } from '../components/icons.tsx';
import { Words } from '../components/words.tsx';
import { removeBidiOverrides, revealBidiControls } from './bidi-controls.ts';
import type { Inline } from './node.ts';

/** Shows the formatted text of a block. Every text has an element of its own, which a page translator cannot take away. */
export function InlineView({ nodes }: { nodes: readonly Inline[] }) {
  return <>{nodes.map((node, index) => showNode(node, index))}</>;
}

function showNode(node: Inline, key: number): ComponentChildren {
  switch (node.kind) {
    case 'text':
      return <Words key={key} text={removeBidiOverrides(node.text)} />;
    case 'code':
      return (
        <code key={key} dir="ltr" translate={false}>
          <Words text={revealBidiControls(node.text)} />
        </code>
      );
    case 'strong':
      return (
        <strong key={key}>
          <InlineView nodes={node.children} />
        </strong>
      );
    case 'emphasis':
      return (
        <em key={key}>
          <InlineView nodes={node.children} />
        </em>
      );
    case 'deleted':
      return (
        <del key={key}>
          <InlineView nodes={node.children} />
        </del>
      );
    case 'link':
      return <LinkView key={key} {...node} />;
  }
}

/** A link that opens in a new tab. A picture is a link, too, so that an answer cannot make the browser load anything. */
function LinkView({ url, isPicture, children }: Extract<Inline, { kind: 'link' }>) {
  const words = (
    <>
      {isPicture && <ImageIcon />}
      {children.length > 0 ? <InlineView nodes={children} /> : <Words text={url ?? ''} />}
    </>
  );
  if (url === undefined) return <span class="link">{words}</span>;
  return (
    <a class="link" href={url} title={url} target="_blank" rel="noopener noreferrer">
      {words}
    </a>
  );
}
