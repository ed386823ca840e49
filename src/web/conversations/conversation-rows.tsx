import type { TargetedKeyboardEvent } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { language } from '../messages/current.ts';
import { panelMessages } from '../messages/panels.ts';
import type { ConversationList } from './conversation-list.ts';
import { ConversationRow, type RowActions } from './conversation-row.tsx';
import { createTimeFormat, groupByDay } from './day-groups.ts';
import { ListLayout } from './list-layout.ts';
import { RowMenu } from './row-menu.tsx';

export interface ConversationRowsProps extends RowActions {
  readonly list: ConversationList;
  /** Id of the open conversation. */
  readonly current: string | undefined;
}

/** Interval at which times are shown anew, in ms. */
const MINUTE_MS = 60_000;
/** Distance from the end at which the next page is loaded, in pixels. */
const NEAR_PX = 800;
/** Number of lines that a page key moves. */
const PAGE_LINES = 10;

/**
 * The conversations in the order of their times, grouped by days. Only the visible ones are in the document. Tab stops at one of them, and the arrow
 * keys move among them.
 */
export function ConversationRows({ list, current, onOpen, onDelete, onUndo }: ConversationRowsProps) {
  const words = panelMessages.value.conversations;
  const tag = chooseRegion(language.value);
  const rows = list.rows.value;
  const now = useMinutes();
  const scroller = useRef<HTMLDivElement>(null);
  const { top, height, remPx, onScroll } = useView(scroller);
  const layout = useMemo(
    () => new ListLayout(groupByDay(rows ?? [], now, tag, words), remPx),
    [rows, now, tag, words, remPx],
  );
  const formatTime = useMemo(() => createTimeFormat(now, tag, words), [now, tag, words]);
  const [chosen, setChosen] = useState<string>();
  const [editing, setEditing] = useState<string>();
  const [menu, setMenu] = useState<{ readonly id: string; readonly button: HTMLElement }>();
  const wantsFocus = useRef(false);

  const isKnown = (id: string | undefined) => layout.findIndex(id) !== -1;
  const stop = [chosen, current].find(isKnown) ?? layout.items.find((item) => item.kind === 'conversation')?.key;
  const stopAt = layout.findIndex(stop);
  const { start, end } = layout.findRange(top, height);
  const isNearEnd = layout.height - top - height < NEAR_PX;
  useEffect(() => {
    if (isNearEnd && rows) void list.loadMore();
  }, [list, isNearEnd, rows, list.isLoading.value]);

  const isLoaded = rows !== undefined;
  useLayoutEffect(() => {
    const index = layout.findIndex(current);
    if (isLoaded && index !== -1) revealLine(scroller.current, layout, index);
  }, [isLoaded]);

  // A row that is removed takes the focus with it.
  const hadFocus = scroller.current?.contains(document.activeElement) === true;
  useLayoutEffect(() => {
    const isLost = hadFocus && scroller.current?.contains(document.activeElement) === false;
    if (!wantsFocus.current && !isLost) return;
    wantsFocus.current = false;
    scroller.current?.querySelector<HTMLElement>('[data-stop="true"]')?.focus();
  });

  const move = (index: number) => {
    const item = layout.items[index];
    if (item?.kind !== 'conversation') return;
    wantsFocus.current = true;
    setChosen(item.key);
    revealLine(scroller.current, layout, index);
  };

  const edit = (id: string | undefined) => {
    setMenu(undefined);
    setEditing(id);
    if (id === undefined) wantsFocus.current = true;
    else setChosen(id);
  };

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLUListElement>) => {
    if (editing !== undefined || menu || !(event.target as Element).closest('.conversation-row')) return;
    const target = findTarget(event.key, stopAt, layout);
    if (target !== undefined) move(target);
    else if (event.key === 'F2' && stop !== undefined) edit(stop);
    else if (event.key === 'Delete' && stop !== undefined) {
      wantsFocus.current = true;
      onDelete(stop);
    } else return;
    event.preventDefault();
  };

  // The line with the keyboard's focus stays in the document while the user scrolls.
  const pinned = stopAt !== -1 && (stopAt < start || stopAt >= end) ? stopAt : undefined;
  const shown = Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index);
  const indexes = pinned === undefined ? shown : pinned < start ? [pinned, ...shown] : [...shown, pinned];
  const count = list.hasMore ? -1 : (rows?.length ?? 0);

  return (
    <div
      ref={scroller}
      class="conversations-scroller"
      aria-busy={list.isLoading.value}
      onScroll={() => {
        setMenu(undefined);
        onScroll();
      }}
    >
      {rows?.length === 0 && <p class="conversations-empty">{words.none}</p>}
      {!rows && list.isLoading.value && <LoadingLines label={words.loading} />}
      {layout.items.length > 0 && (
        <ul
          class="conversation-list"
          aria-label={words.title}
          style={{ height: `${layout.height}px` }}
          onKeyDown={onKeyDown}
        >
          {indexes.map((index) => {
            const item = layout.items[index];
            if (!item) return null;
            const style = { top: `${layout.getOffset(index)}px` };
            if (item.kind === 'day') {
              return (
                <li key={item.key} class="conversation-day" style={style}>
                  <h3>{item.title}</h3>
                </li>
              );
            }
            const { row, place } = item;
            return (
              <li
                key={item.key}
                class="conversation-row"
                style={style}
                data-current={row.id === current}
                aria-posinset={place}
                aria-setsize={count}
              >
                <ConversationRow
                  row={row}
                  time={formatTime(row.lastUpdateTime * 1_000)}
                  isCurrent={row.id === current}
                  isStop={index === stopAt}
                  isEditing={row.id === editing}
                  isExporting={row.id === list.exporting.value}
                  isMenuOpen={row.id === menu?.id}
                  onOpen={onOpen}
                  onDelete={onDelete}
                  onUndo={(id) => {
                    wantsFocus.current = true;
                    onUndo(id);
                  }}
                  onFocus={() => setChosen(row.id)}
                  onMenu={(button) => setMenu(menu?.id === row.id ? undefined : { id: row.id, button })}
                  onRename={(title) => {
                    edit(undefined);
                    if (title !== undefined) void list.rename(row.id, title);
                  }}
                />
              </li>
            );
          })}
        </ul>
      )}
      {menu && (
        <RowMenu
          button={menu.button}
          hasSound={rows?.find(({ id }) => id === menu.id)?.recorded !== false}
          onClose={() => setMenu(undefined)}
          onRename={() => edit(menu.id)}
          onExport={(format) => void list.exportAs(menu.id, format)}
          onDelete={() => {
            wantsFocus.current = true;
            onDelete(menu.id);
          }}
        />
      )}
    </div>
  );
}

/** Returns the language with the region of the browser, which decides how a time of day is written. */
function chooseRegion(tag: string): string {
  return navigator.languages.find((preferred) => preferred.startsWith(`${tag}-`)) ?? tag;
}

function LoadingLines({ label }: { readonly label: string }) {
  return (
    <div class="conversations-loading">
      <p class="visually-hidden" role="status">
        {label}
      </p>
      {[80, 55, 70, 45].map((width) => (
        <i key={width} style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

/** @returns index of the line that a key moves to; `undefined` for any other key */
function findTarget(key: string, at: number, layout: ListLayout): number | undefined {
  const last = layout.items.length - 1;
  switch (key) {
    case 'ArrowDown':
      return layout.findNext(at, 1);
    case 'ArrowUp':
      return layout.findNext(at, -1);
    case 'PageDown':
      return layout.findNext(Math.min(at + PAGE_LINES, last + 1), -1);
    case 'PageUp':
      return layout.findNext(Math.max(at - PAGE_LINES, -1), 1);
    case 'Home':
      return layout.findNext(-1, 1);
    case 'End':
      return layout.findNext(last + 1, -1);
    default:
      return undefined;
  }
}

/** Scrolls no further than needed. */
function revealLine(area: HTMLElement | null, layout: ListLayout, index: number): void {
  if (!area) return;
  const [top, bottom] = [layout.getOffset(index), layout.getOffset(index + 1)];
  // The title of the first group is shown with its first conversation.
  if (index === 1) area.scrollTop = 0;
  else if (top < area.scrollTop) area.scrollTop = top;
  else if (bottom > area.scrollTop + area.clientHeight) area.scrollTop = bottom - area.clientHeight;
}

/** Returns the time, in ms since 1970, anew each minute. */
function useMinutes(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** Follows the part of the list that is visible, and the size of a rem, in pixels. */
function useView(scroller: { readonly current: HTMLElement | null }) {
  const [view, setView] = useState({ top: 0, height: 600, remPx: 16 });
  const measure = () => {
    const area = scroller.current;
    if (!area) return;
    const remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    setView({ top: area.scrollTop, height: area.clientHeight, remPx });
  };
  useLayoutEffect(() => {
    const area = scroller.current;
    if (!area) return;
    const observer = new ResizeObserver(measure);
    observer.observe(area);
    return () => observer.disconnect();
  }, [scroller.current]);
  return { ...view, onScroll: measure };
}
