/** The page: one component, without zone.js. */
import { provideZonelessChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { ChatRoom } from './ChatRoom';

void bootstrapApplication(ChatRoom, { providers: [provideZonelessChangeDetection()] });
