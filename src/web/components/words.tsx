import { useLayoutEffect, useRef } from 'preact/hooks';

export interface WordsProps {
  readonly text: string;
  readonly class?: string;
}

/**
 * Text that changes. A page translator replaces text nodes by elements of its own, so an update of the replaced node would never be visible.
 * This element therefore writes its content itself. It appends where it can, which keeps the selection of the user.
 */
export function Words({ text, class: className }: WordsProps) {
  const element = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (element.current) writeText(element.current, text);
  }, [text]);
  return <span ref={element} class={className} />;
}

function writeText(element: HTMLElement, text: string): void {
  const [node] = element.childNodes;
  const isPlain = node instanceof Text && element.childNodes.length === 1;
  if (isPlain && node.data !== '' && text.startsWith(node.data)) {
    if (text.length > node.data.length) node.appendData(text.slice(node.data.length));
  } else if (element.textContent !== text) {
    element.textContent = text;
  }
}
