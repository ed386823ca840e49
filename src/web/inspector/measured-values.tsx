import { useEffect, useState } from 'preact/hooks';
import type { Conversation } from '../conversation.ts';
import { language, messages } from '../messages/current.ts';
import { panelMessages } from '../messages/panels.ts';
import type { Measurements } from './measurements.ts';

/** Interval at which the client's statistics are read, in ms. */
const INTERVAL_MS = 500;
/** Minimum height of a window in which the values leave room for the messages, in pixels. */
const ROOMY_PX = 720;

interface MeasuredValuesProps {
  readonly conversation: Conversation;
  readonly measurements: Measurements;
}

/** How the conversation does: latency, transport and tokens. */
export function MeasuredValues({ conversation, measurements }: MeasuredValuesProps) {
  const words = panelMessages.value.inspector;
  const statistics = useStatistics(conversation);
  // Only at first: a window whose height changes later, as by the keyboard of a phone, folds nothing.
  const [wasRoomy] = useState(innerHeight >= ROOMY_PX);
  const { firstAudioMs, firstTextMs, lastTokens, allTokens } = measurements.values.value;
  const { bufferedMs, underruns } = conversation.playback.value;
  return (
    <details class="measured" open={wasRoomy}>
      <summary>{words.measured}</summary>
      <dl>
        <Value label={words.firstAudio} hint={words.firstHint} value={firstAudioMs} unit="ms" />
        <Value label={words.firstText} hint={words.firstHint} value={firstTextMs} unit="ms" />
        <Value label={words.roundTrip} hint={words.roundTripHint} value={statistics?.roundTripMs} unit="ms" />
        <Value label={words.late} hint={words.lateHint} value={statistics?.lagMs} unit="ms" />
        <Value label={words.buffer} hint={words.bufferHint} value={bufferedMs} unit="ms" />
        <Value label={words.underruns} hint={words.underrunsHint} value={underruns} />
        <Value label={words.unsent} hint={words.unsentHint} value={statistics?.droppedAudioMs} unit="ms" />
        <Value label={words.retries} hint={words.retriesHint} value={statistics?.retries} />
        <Value label={words.reconnects} hint={words.reconnectsHint} value={statistics?.reconnects} />
        <Value label={words.tokens} hint={words.tokensHint(lastTokens ?? 0)} value={allTokens} />
        <div class="measured-way" title={words.wayHint}>
          <dt>{words.way}</dt>
          <dd>{messages.value.header.transports[conversation.rung.value]}</dd>
        </div>
      </dl>
    </details>
  );
}

interface ValueProps {
  readonly label: string;
  /** Explanation, shown on hover. */
  readonly hint: string;
  /** `undefined`: not known yet. */
  readonly value: number | undefined;
  readonly unit?: string;
}

function Value({ label, hint, value, unit }: ValueProps) {
  return (
    <div title={hint}>
      <dt>{label}</dt>
      <dd>
        {value === undefined ? '–' : Math.round(value).toLocaleString(language.value)}
        {value !== undefined && unit && <small> {unit}</small>}
      </dd>
    </div>
  );
}

function useStatistics(conversation: Conversation) {
  const [statistics, setStatistics] = useState(conversation.statistics);
  useEffect(() => {
    const timer = setInterval(() => setStatistics(conversation.statistics), INTERVAL_MS);
    return () => clearInterval(timer);
  }, []);
  return statistics;
}
