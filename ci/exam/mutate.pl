#!/usr/bin/env perl
# Small wrong changes to a C++ source, one at a time.
#
#   mutate.pl list FILE          a line each: NUMBER <tab> LINE <tab> CHANGE <tab> the line's text
#   mutate.pl apply FILE NUMBER  the whole source with that change, on stdout
#
# What is changed: each comparison (to its opposite, and by one at its edge), && and ||, + 1 and - 1,
# each condition of an if or while, true and false, verdicts, outcomes and promises. It goes by the
# spacing of clang-format, which tells a comparison from a template's bracket.
use strict;
use warnings;

my ($mode, $file, $wanted) = @ARGV;
die "usage: mutate.pl list FILE | apply FILE NUMBER\n"
  unless defined $file && ($mode eq 'list' || ($mode eq 'apply' && defined $wanted));
open(my $in, '<', $file) or die "cannot read $file\n";
my $source = do { local $/; <$in> };

# Comments, strings and includes blanked, so that positions stay.
my $code = $source;
$code =~ s{(//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'|^\#[^\n]*)}{
  my $text = $1; $text =~ s/[^\n]/~/g; $text }gmex;

my @mutants;    # [offset, length, replacement]
sub each_match {
  my ($pattern, @replacements) = @_;
  while ($code =~ /$pattern/g) {
    push @mutants, [$-[1], $+[1] - $-[1], $_] for @replacements;
  }
}

each_match(qr/ (==) /,         '!=');
each_match(qr/ (!=) /,         '==');
each_match(qr/ (<) /,          '<=', '>=');
each_match(qr/ (<=) /,         '<', '>');
each_match(qr/ (>) /,          '>=', '<=');
each_match(qr/ (>=) /,         '>', '<');
each_match(qr/ (&&) /,         '||');
each_match(qr/ (\|\|) /,       '&&');
each_match(qr/( \+ 1)\b/,      '');
each_match(qr/( - 1)\b/,       '');
each_match(qr/\b(true)\b/,     'false');
each_match(qr/\b(false)\b/,    'true');
each_match(qr/\b(Outcome::kInfo)\b/,              'Outcome::kFail', 'Outcome::kOk');
each_match(qr/\b(Outcome::kFail)\b/,              'Outcome::kOk');
each_match(qr/\b(Outcome::kOk)\b/,                'Outcome::kInfo');
each_match(qr/\b(Promise::kPower)\b/,             'Promise::kProcess');
each_match(qr/\b(Promise::kProcess)\b/,           'Promise::kPower');
each_match(qr/\b(Promise::kPowerForAckedBefore)\b/, 'Promise::kNothing');
each_match(qr/\b(Verdict::k(?!Crash)\w+)\b/,      'Verdict::kCrash');

# Conditions, whole: up to the bracket that closes the first.
while ($code =~ /\b(?:if|while) \(/g) {
  my $begin = pos($code);
  my ($depth, $end) = (1, $begin);
  while ($depth > 0) {
    my $c = substr($code, $end++, 1);
    $depth++ if $c eq '(';
    $depth-- if $c eq ')';
  }
  my $length    = $end - 1 - $begin;
  my $condition = substr($source, $begin, $length);
  my $declares  = substr($code, $begin, $length) =~ /^(?:const )?auto[ &*]/;
  push @mutants, [$begin, $length, $declares ? "$condition; false" : "!($condition)"];
}

@mutants = sort { $a->[0] <=> $b->[0] || $a->[2] cmp $b->[2] } @mutants;
if ($mode eq 'apply') {
  my $mutant = $mutants[$wanted] or die "$file has no mutant $wanted\n";
  substr($source, $mutant->[0], $mutant->[1]) = $mutant->[2];
  print $source;
  exit 0;
}
for my $number (0 .. $#mutants) {
  my ($offset, $length, $replacement) = @{$mutants[$number]};
  my $line = 1 + (substr($source, 0, $offset) =~ tr/\n//);
  my $from = 1 + rindex($source, "\n", $offset);
  my $text = substr($source, $from, index($source, "\n", $offset) - $from);
  my $old  = substr($source, $offset, $length);
  s/\s+/ /g, s/^ | $//g for $text, $old, (my $new = $replacement);
  $new = '' unless defined $new;
  my $change = $replacement =~ /^!\(|; false$/ ? "condition turned: $old" : "$old -> $new";
  print join("\t", $number, $line, $change, $text), "\n";
}
