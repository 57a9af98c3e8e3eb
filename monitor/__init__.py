"""Stance Monitor: follows who takes which stance in Arabic, English and Russian news, with the sentence it rests on."""

__version__ = "0.1.0"
