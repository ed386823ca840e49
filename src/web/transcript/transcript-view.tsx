import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks';
import { ConstantView } from '../components/constant-view.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { DownIcon } from '../components/icons.tsx';
import { useFrameValue } from '../components/use-frame-value.ts';
import type { Conversation } from '../conversation.ts';
import { messages } from '../messages/current.ts';
import type { PageSettings } from '../settings/page-settings.ts';
import { ConfirmToolContext } from './confirm-tool.ts';
import { ListWindow } from './list-window.ts';
import type { Turn } from './turn.ts';
import { InterimView, TurnView } from './turn-view.tsx';

interface TranscriptViewProps {
  readonly conversation: Conversation;
  readonly settings: PageSettings;
  readonly isHidden: boolean;
}

export function TranscriptView({ conversation, settings, isHidden }: TranscriptViewProps) {
  const words = messages.value.transcript;
  const scroller = useRef<HTMLDivElement>(null);
  const { turns, truncated, awaiting, interim } = useFrameValue(conversation.transcript);
  const isLive = conversation.connection.value.phase === 'live';
  const list = useListWindow(scroller, turns);
  const isEmpty = turns.length === 0 && interim === '';
  const confirmTool = useMemo(() => (id: string, ok: boolean) => conversation.confirmTool(id, ok), [conversation]);
  const { voice, session } = conversation;
  // The agent's voice reads the answers to the user in a call: a screen reader would read them over it.
  const isSpoken = voice.value !== 'off' && session.value?.modality === 'AUDIO';

  return (
    <main class="stage" hidden={isHidden}>
      <div
        ref={scroller}
        class="scroller"
        onScroll={() => list.handleScroll()}
        onKeyDown={(event) => list.handleKey(event)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard
        tabIndex={0}
        role="log"
        aria-label={words.label}
        // Screen readers are not to read old messages that return to the document while the user scrolls.
        aria-live={list.follows.value && !isSpoken ? 'polite' : 'off'}
        data-turns={turns.length}
      >
        <div class="column turns" data-live={isLive} hidden={isEmpty}>
          {truncated && <p class="mark">{words.truncated}</p>}
          <ConfirmToolContext.Provider value={confirmTool}>
            <Rows list={list} turns={turns} userName={settings.displayName} />
          </ConfirmToolContext.Provider>
          {interim !== '' && <InterimView text={interim} userName={settings.displayName} />}
          {awaiting && isLive && (
            <div class="turn waiting" aria-hidden="true">
              <i />
              <i />
              <i />
            </div>
          )}
        </div>
        {isEmpty &&
          (conversation.choice.isOpening.value ? <OpeningView /> : <EmptyState conversation={conversation} />)}
      </div>
      {!list.follows.value && (
        <button type="button" class="to-end" onClick={() => list.follow()}>
          <DownIcon />
          {words.latest}
        </button>
      )}
    </main>
  );
}

/** Stands for a conversation that is being opened. Its lines appear only if that takes long. */
function OpeningView() {
  return (
    <div class="column opening" data-testid="opening">
      <p class="visually-hidden">{messages.value.transcript.opening}</p>
      <i class="opening-question" />
      <i />
      <i />
      <i class="opening-end" />
    </div>
  );
}

/** Creates the window on the turns, which follows what the user types. */
function useListWindow(scroller: { readonly current: HTMLElement | null }, turns: readonly Turn[]): ListWindow {
  const [, renderAgain] = useReducer((count: number) => count + 1, 0);
  const list = useMemo(() => new ListWindow(() => renderAgain(undefined)), []);
  list.setRows(turns);
  useLayoutEffect(() => (scroller.current ? list.attach(scroller.current) : undefined), [list, scroller]);
  const lastTyped = turns.findLast((turn) => turn.role === 'user' && !turn.spoken)?.id;
  useLayoutEffect(() => list.follow(), [list, lastTyped]);
  useLayoutEffect(() => list.layout());
  return list;
}

interface RowsProps {
  readonly list: ListWindow;
  readonly turns: readonly Turn[];
  /** Name of the user; empty: none. */
  readonly userName: ReadonlySignal<string>;
}

/** The rows in the document, and spacers in the place of the others. They are one list of children, so that no row is made anew. */
function Rows({ list, turns, userName }: RowsProps) {
  const showTurn = (turn: Turn) => <TurnView turn={turn} userName={userName} />;
  const children: ComponentChildren[] = [];
  let shown = 0;
  for (const { start, end } of list.ranges) {
    children.push(<Spacer key={`before-${children.length === 0 ? 'first' : 'second'}`} from={shown} to={start} />);
    for (const turn of turns.slice(start, end)) {
      children.push(
        <div key={turn.id} class="row" data-row={turn.id}>
          <ConstantView value={turn} show={showTurn} />
        </div>,
      );
    }
    shown = end;
  }
  return (
    <>
      {children}
      <Spacer key="after" from={shown} to={turns.length} />
    </>
  );
}

function Spacer({ from, to }: { from: number; to: number }) {
  return <div class="spacer" data-from={from} data-to={to} />;
}
