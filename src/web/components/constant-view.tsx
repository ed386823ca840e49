import { Component, type ComponentChildren } from 'preact';

export interface ConstantViewProps<T> {
  readonly value: T;
  readonly show: (value: T) => ComponentChildren;
}

/** Shows a value that never changes. The view is rendered again only when the value is another one. */
export class ConstantView<T> extends Component<ConstantViewProps<T>> {
  override shouldComponentUpdate({ value }: ConstantViewProps<T>): boolean {
    return value !== this.props.value;
  }

  override render({ value, show }: ConstantViewProps<T>): ComponentChildren {
    return show(value);
  }
}
