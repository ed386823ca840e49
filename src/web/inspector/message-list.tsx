import type { TargetedKeyboardEvent } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { panelMessages } from '../messages/panels.ts';
import type { LoggedMessage } from './traffic-log.ts';

/** Height of a row, in pixels: that of inspector.css. */
const ROW_PX = 30;
/** Number of rows above and below the visible ones that are in the document. */
const SPARE = 8;
/** Maximum length of a summary, in characters. */
const MAX_SUMMARY = 160;

export interface MessageListProps {
  readonly list: readonly LoggedMessage[];
  readonly selected: LoggedMessage | undefined;
  onSelect(message: LoggedMessage): void;
}

/** A long list of messages, of which only the visible ones are in the document. It follows the newest message until the user scrolls up. */
export function MessageList({ list, selected, onSelect }: MessageListProps) {
  const words = panelMessages.value.inspector;
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const follows = useRef(true);

  useLayoutEffect(() => {
    const area = scroller.current;
    if (!area) return;
    const observer = new ResizeObserver(() => setHeight(area.clientHeight));
    observer.observe(area);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (follows.current) scroller.current?.scrollTo({ top: list.length * ROW_PX });
  }, [list, height]);

  const onScroll = () => {
    const area = scroller.current;
    if (!area) return;
    setTop(area.scrollTop);
    follows.current = area.scrollHeight - area.scrollTop - area.clientHeight < ROW_PX;
  };

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const at = list.findIndex(({ number }) => number === selected?.number);
    const next = findNext(event.key, at, list.length);
    const message = next === undefined ? undefined : list[next];
    if (next === undefined || !message) return;
    event.preventDefault();
    onSelect(message);
    showRow(scroller.current, next);
  };

  const first = Math.max(0, Math.floor(top / ROW_PX) - SPARE);
  const shown = list.slice(first, first + Math.ceil(height / ROW_PX) + 2 * SPARE);
  return (
    <div
      ref={scroller}
      class="message-list"
      role="listbox"
      tabIndex={0}
      aria-label={words.messages}
      aria-activedescendant={selected && `message-${selected.number}`}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: `${list.length * ROW_PX}px`, paddingTop: `${first * ROW_PX}px` }}>
        {shown.map((message, index) => (
          <MessageRow
            key={message.number}
            message={message}
            isSelected={message.number === selected?.number}
            place={first + index + 1}
            count={list.length}
            onSelect={onSelect}
          />
        ))}
      </div>
    </div>
  );
}

interface MessageRowProps {
  readonly message: LoggedMessage;
  readonly isSelected: boolean;
  /** Place in the list, from 1, and length of the list. */
  readonly place: number;
  readonly count: number;
  onSelect(message: LoggedMessage): void;
}

function MessageRow({ message, isSelected, place, count, onSelect }: MessageRowProps) {
  const words = panelMessages.value.inspector;
  const { number, atMs, direction, name, author, bytes, json } = message;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list handles the keys of its options
    <div
      id={`message-${number}`}
      class="message-row"
      data-direction={direction}
      role="option"
      tabIndex={-1}
      aria-selected={isSelected}
      aria-posinset={place}
      aria-setsize={count}
      onClick={() => onSelect(message)}
    >
      <span class="message-time">{formatSeconds(atMs)}</span>
      <span class="message-direction" role="img" aria-label={words[direction]}>
        {direction === 'up' ? '↑' : '↓'}
      </span>
      <span class="message-name">{name}</span>
      <span class="message-brief">
        {author && <b>{author} </b>}
        {summarize(json)}
      </span>
      <span class="message-size">{formatBytes(bytes)}</span>
    </div>
  );
}

/** Shortens JSON to one line for a reader: the text of a message, or the fields without their punctuation. */
function summarize(json: string): string {
  const [, text] = /^\{"mime_type":"text\/plain","data":"((?:[^"\\]|\\.)*)"/.exec(json) ?? [];
  return (text ?? json.replace(/["{}[\]]/g, '').replaceAll(',', ', ')).slice(0, MAX_SUMMARY);
}

/** @param at place of the selected message, from 0; -1: none is selected */
function findNext(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return Math.min(at + 1, count - 1);
    case 'ArrowUp':
      return at < 0 ? count - 1 : Math.max(at - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

/** Scrolls no further than needed. */
function showRow(area: HTMLElement | null, row: number): void {
  if (!area) return;
  const top = row * ROW_PX;
  if (top < area.scrollTop) area.scrollTop = top;
  else if (top + ROW_PX > area.scrollTop + area.clientHeight) area.scrollTop = top + ROW_PX - area.clientHeight;
}

export function formatSeconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

export function formatBytes(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
}
