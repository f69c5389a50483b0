/**
 * What of node-gtk is used here: it brings no types of its own.
 * Knows: a window with a label, a button and a list, as GTK 4 has them. Does not know: the rest of GTK.
 */
declare module 'node-gtk' {
  interface Widget {
    /** Calls `tick` before each frame that is drawn, for as long as it gives `true`. */
    addTickCallback(tick: () => boolean): number;
  }

  interface Label extends Widget {
    getText(): string;
    setText(text: string): void;
  }

  interface Row extends Widget {
    getChild(): Label;
  }

  interface List extends Widget {
    append(row: Label): void;
    /** `null` where there is none. */
    getRowAtIndex(index: number): Row | null;
    remove(row: Row): void;
  }

  interface Button extends Widget {
    on(event: 'clicked', pressed: () => void): void;
    addController(gesture: Gesture): void;
  }

  interface Gesture {
    on(event: 'pressed', pressed: () => void): void;
    /** When what it tells of happened: milliseconds on the clock of the screen. */
    getCurrentEventTime(): number;
    setPropagationPhase(phase: number): void;
  }

  interface Box extends Widget {
    append(child: Widget): void;
  }

  interface Window extends Widget {
    /** A listener that gives `true` keeps the window open; it has to give one of both. */
    on(event: 'close-request', closing: () => boolean): void;
    setChild(child: Widget): void;
    present(): void;
  }

  interface Gtk {
    init(): void;
    readonly Box: new (properties: { orientation: number; spacing?: number }) => Box;
    readonly Button: new (properties: { label: string }) => Button;
    readonly GestureClick: new () => Gesture;
    readonly Label: new (properties: { label: string }) => Label;
    readonly ListBox: new () => List;
    readonly Orientation: { readonly VERTICAL: number };
    readonly PropagationPhase: { readonly CAPTURE: number };
    readonly Window: new (properties: { title: string; defaultWidth: number; defaultHeight: number }) => Window;
  }

  const gi: {
    require(namespace: 'Gtk', version: '4.0'): Gtk;
    require(namespace: string, version?: string): unknown;
  };
  export default gi;
}
