import { defineMessage, stream } from "@agentmesh/worker-sdk";
import { z } from "zod";

export const Weather = defineMessage("http.Weather", z.object({ text: z.string() }));
export const AskWeather = defineMessage("http.AskWeather", z.object({}), { reply: Weather });
export const WatchWeather = defineMessage("http.WatchWeather", z.object({}), {
  reply: stream(Weather),
});
export const Hour = defineMessage("http.Hour", z.object({ hour: z.number(), text: z.string() }));
export const AskDay = defineMessage("http.AskDay", z.object({}), { reply: stream(Hour) });
