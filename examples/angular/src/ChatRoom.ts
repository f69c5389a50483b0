/**
 * A room to chat in: where the connection stands, what was said last, and a line to say something.
 * Knows: how it looks. Does not know: how the connection comes back; that is `ropewalk/angular`.
 */
import { Component } from '@angular/core';
import { backoff } from 'ropewalk';
import { injectConnection, lastValues } from 'ropewalk/angular';
import { webSocketText } from 'ropewalk/websocket';

@Component({
  selector: 'chat-room',
  template: `
    <h1>Chat <small [class]="status().phase">{{ status().phase }}</small></h1>
    <ol>
      @for (line of lines(); track $index) {
        <li>{{ line }}</li>
      } @empty {
        <li class="nothing">nothing was said yet</li>
      }
    </ol>
    <form (submit)="say($event, text)">
      <input #text autocomplete="off" autofocus placeholder="say something" />
      <button>Say</button>
    </form>
  `,
  styles: `
    :host { display: block; max-width: 32rem; margin: 2rem auto; font-family: system-ui, sans-serif; }
    small { padding: 0 0.5em; border-radius: 1em; font-size: 0.5em; vertical-align: middle; background: #fe9; }
    small.open { background: #9e9; }
    ol { min-height: 12rem; padding: 0.5rem; border: 1px solid #ccc; list-style: none; }
    .nothing { color: #888; }
    form { display: flex; gap: 0.5rem; }
    input { flex: 1; padding: 0.5rem; }
  `,
})
export class ChatRoom {
  /** Closed with this component. What is said while there is no server waits for it. */
  private readonly connection = injectConnection(`${location.origin.replace('http', 'ws')}/room`, {
    delay: backoff({ first: 250, max: 2_000 }),
  });
  private readonly room = this.connection.over(webSocketText());
  protected readonly status = this.connection.status;
  protected readonly lines = lastValues(this.room, 50);

  protected say(event: Event, text: HTMLInputElement): void {
    event.preventDefault();
    this.room.next(text.value);
    text.value = '';
  }
}
