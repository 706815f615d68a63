import { Definitions, entity, feature, rolling, source } from "mlforge";
import { delayLevels } from "./delay_levels.ts";

const flights = source({
  name: "flights",
  path: "data/flights-3m.parquet",
  description: "3,000,000 US flights of January to June 2001",
});
const airports = source({ name: "airports", path: "data/airports.csv" });

const airport = entity({ name: "airport", joinKey: "origin" });
const route = entity({ name: "route", joinKey: ["origin", "destination"] });

export default new Definitions({
  name: "flights",
  features: [
    feature({
      name: "airport_delay",
      description: "How late flights left an airport in the last day, week and month",
      source: flights,
      entities: [airport],
      timestamp: "date",
      interval: "1d",
      metrics: [rolling({ windows: ["1d", "7d", "30d"], aggregations: { delay: ["count", "mean", "max"] } })],
      tags: ["delay"],
    }),
    feature({
      name: "airport_delay_spread",
      source: flights,
      entities: [airport],
      timestamp: "date",
      interval: "1d",
      metrics: [rolling({ windows: ["7d", "30d"], aggregations: { delay: ["median", "std"] } })],
      tags: ["delay"],
    }),
    feature({
      name: "route_delay",
      source: flights,
      entities: [route],
      timestamp: "date",
      interval: "1d",
      metrics: [rolling({ windows: ["1d", "7d", "30d"], aggregations: { delay: ["mean"] } })],
      tags: ["delay", "route"],
    }),
    feature({
      name: "route_late_arrivals",
      description: "Flights of a route that came more than 15 minutes late",
      source: flights,
      entities: [route],
      sql: "select origin, destination, date, delay, delay > 15 as late from flights",
      timestamp: "date",
      interval: "1d",
      metrics: [rolling({ windows: ["7d", "30d"], aggregations: { "*": ["count"], delay: ["max"] } })],
      tags: ["route"],
    }),
    feature({
      name: "airport_profile",
      description: "What does not change with time: where the airport is, and how far its flights go",
      sources: [flights, airports],
      entities: [airport],
      sql: `
        select origin, any_value(name) as name, any_value(city) as city, any_value(state) as state,
          count(distinct destination) as destinations, max(distance) as farthest
        from flights join airports on origin = iata
        group by origin
      `,
      tags: ["airport"],
    }),
    feature({
      name: "airport_delay_levels",
      description: "Share of flights by how late they were, by a function in TypeScript",
      source: flights,
      entities: [airport],
      transform: delayLevels,
      tags: ["airport", "delay"],
    }),
  ],
});
