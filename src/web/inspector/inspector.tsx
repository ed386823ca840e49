import { useEffect, useRef, useState } from 'preact/hooks';
import { ConstantView } from '../components/constant-view.tsx';
import { CopyButton } from '../components/copy-button.tsx';
import { downloadText } from '../components/download-text.ts';
import { IconButton } from '../components/icon-button.tsx';
import { CloseIcon, DownloadIcon } from '../components/icons.tsx';
import { useFrameValue } from '../components/use-frame-value.ts';
import type { Conversation } from '../conversation.ts';
import { panelMessages } from '../messages/panels.ts';
import { PauseIcon, PlayIcon, TrashIcon } from './inspector-icons.tsx';
import { JsonTree } from './json-tree.tsx';
import { MeasuredValues } from './measured-values.tsx';
import type { Measurements } from './measurements.ts';
import { formatBytes, formatSeconds, MessageList } from './message-list.tsx';
import { filterMessages, toJsonLines } from './select-messages.ts';
import type { LoggedMessage, MessageKind, TrafficLog } from './traffic-log.ts';

export interface InspectorProps {
  readonly log: TrafficLog;
  readonly measurements: Measurements;
  readonly conversation: Conversation;
  onClose(): void;
}

const KINDS: readonly MessageKind[] = ['content', 'audio', 'control'];

/** Messages between the page and the server, and how long they take. */
export function Inspector({ log, measurements, conversation, onClose }: InspectorProps) {
  const words = panelMessages.value.inspector;
  const panel = useRef<HTMLElement>(null);
  const [paused, setPaused] = useState<readonly LoggedMessage[]>();
  const [kinds, setKinds] = useState<ReadonlySet<MessageKind>>(new Set(['content']));
  const [text, setText] = useState('');
  const [selected, setSelected] = useState<LoggedMessage>();
  // The panel is rendered again when there are new messages.
  useFrameValue(log.version);
  const all = paused ?? log.messages;
  const list = filterMessages(all, kinds, text);
  useEffect(() => panel.current?.focus(), []);

  return (
    <aside ref={panel} class="inspector" tabIndex={-1} aria-labelledby="inspector-title">
      <header class="inspector-head">
        <h2 id="inspector-title">{words.title}</h2>
        <IconButton label={words.close} onClick={onClose}>
          <CloseIcon />
        </IconButton>
      </header>
      <MeasuredValues conversation={conversation} measurements={measurements} />
      <div class="inspector-tools">
        <input
          class="text-field"
          type="search"
          aria-label={words.filter}
          placeholder={words.filter}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <IconButton
          label={words.pause}
          aria-pressed={paused !== undefined}
          title={paused ? words.resume : words.pause}
          onClick={() => setPaused(paused ? undefined : [...log.messages])}
        >
          {paused ? <PlayIcon /> : <PauseIcon />}
        </IconButton>
        <IconButton
          label={words.export}
          disabled={list.length === 0}
          onClick={() => downloadText('bidi-sse.jsonl', 'application/jsonl', toJsonLines(list, performance.timeOrigin))}
        >
          <DownloadIcon />
        </IconButton>
        <IconButton
          label={words.clear}
          onClick={() => {
            setPaused(undefined);
            setSelected(undefined);
            log.clear();
          }}
        >
          <TrashIcon />
        </IconButton>
      </div>
      <fieldset class="kinds">
        <legend class="visually-hidden">{words.kindsLabel}</legend>
        {KINDS.map((kind) => (
          <label key={kind}>
            <input
              type="checkbox"
              checked={kinds.has(kind)}
              onChange={() =>
                setKinds(new Set(kinds.has(kind) ? [...kinds].filter((each) => each !== kind) : [...kinds, kind]))
              }
            />
            <span>
              {words.kinds[kind]} <small>{all.filter((message) => message.kind === kind).length}</small>
            </span>
          </label>
        ))}
      </fieldset>
      {list.length > 0 ? (
        <MessageList list={list} selected={selected} onSelect={setSelected} />
      ) : (
        <p class="inspector-empty">{all.length > 0 ? words.noneMatches : words.none}</p>
      )}
      {log.dropped > 0 && !paused && <p class="inspector-dropped">{words.dropped(log.dropped)}</p>}
      {selected && <MessageDetail message={selected} onClose={() => setSelected(undefined)} />}
    </aside>
  );
}

function MessageDetail({ message, onClose }: { readonly message: LoggedMessage; onClose(): void }) {
  const words = panelMessages.value.inspector;
  const { number, direction, over, name, id, author, atMs, bytes, json } = message;
  const facts = [words[direction], over, id, author, `${formatSeconds(atMs)} s`, formatBytes(bytes)];
  return (
    <section class="message-detail" aria-label={name}>
      <header>
        <h3>{name}</h3>
        <CopyButton label={words.copy} getText={() => json} />
        <IconButton isSmall label={words.closeDetail} onClick={onClose}>
          <CloseIcon />
        </IconButton>
      </header>
      <p>{facts.filter((fact) => fact !== undefined).join(' · ')}</p>
      <ConstantView key={number} value={json} show={showJson} />
    </section>
  );
}

function showJson(json: string) {
  return <JsonTree value={JSON.parse(json)} depth={2} />;
}
