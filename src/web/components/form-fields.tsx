import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { ChevronIcon } from './later-icons.tsx';

/** Values of a choice, with their labels. */
export type Choices<Value extends string> = readonly (readonly [Value, string])[];

interface FieldProps {
  readonly label: string;
  /** Explanation below the label. */
  readonly hint?: string | undefined;
}

interface RowProps extends FieldProps {
  /** Id of the control. */
  readonly id: string;
  readonly children: ComponentChildren;
}

/** A field of a form: a label, a hint, and the control. */
export function FieldRow({ label, hint, id, children }: RowProps) {
  return (
    <div class="field">
      <div class="field-text">
        <label for={id}>{label}</label>
        {hint && <p id={`${id}-hint`}>{hint}</p>}
      </div>
      {children}
    </div>
  );
}

interface ChoiceProps<Value extends string> extends FieldProps {
  readonly value: Value;
  readonly choices: Choices<Value>;
  onChange(value: Value): void;
}

/** A choice of many values. */
export function SelectField<Value extends string>({ label, hint, value, choices, onChange }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <FieldRow label={label} hint={hint} id={id}>
      <span class="select">
        <select
          id={id}
          aria-describedby={hint && `${id}-hint`}
          value={value}
          onChange={(event) => {
            const chosen = choices[event.currentTarget.selectedIndex];
            if (chosen) onChange(chosen[0]);
          }}
        >
          {choices.map(([choice, text]) => (
            <option key={choice} value={choice} selected={choice === value}>
              {text}
            </option>
          ))}
        </select>
        <ChevronIcon />
      </span>
    </FieldRow>
  );
}

/** A choice of a few values, all of which are visible. */
export function SegmentedField<Value extends string>({ label, hint, value, choices, onChange }: ChoiceProps<Value>) {
  const id = useId();
  return (
    <fieldset class="field">
      <legend class="field-text">
        {label}
        {hint && <p>{hint}</p>}
      </legend>
      <div class="segments">
        {choices.map(([choice, text]) => (
          <label key={choice}>
            <input type="radio" name={id} value={choice} checked={choice === value} onChange={() => onChange(choice)} />
            <span>{text}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface TextProps extends FieldProps {
  readonly value: string;
  readonly placeholder: string;
  readonly maxLength: number;
  /** Called when the user has finished the text. */
  /** What the browser may fill in. Default: nothing. */
  readonly autocomplete?: 'nickname' | 'off';
  onChange(value: string): void;
}

export function TextField({ label, hint, value, placeholder, maxLength, autocomplete = 'off', onChange }: TextProps) {
  const id = useId();
  return (
    <FieldRow label={label} hint={hint} id={id}>
      <input
        id={id}
        class="text-field"
        type="text"
        autocomplete={autocomplete}
        spellcheck={false}
        aria-describedby={hint && `${id}-hint`}
        value={value}
        placeholder={placeholder}
        maxLength={maxLength}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </FieldRow>
  );
}

interface SwitchProps extends FieldProps {
  readonly checked: boolean;
  onChange(checked: boolean): void;
}

export function SwitchField({ label, hint, checked, onChange }: SwitchProps) {
  const id = useId();
  return (
    <FieldRow label={label} hint={hint} id={id}>
      <input
        id={id}
        class="switch"
        type="checkbox"
        role="switch"
        aria-checked={checked}
        aria-describedby={hint && `${id}-hint`}
        checked={checked}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </FieldRow>
  );
}
